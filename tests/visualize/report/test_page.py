"""The page: self-contained, escaped, and the same for the same facts."""

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from btc_pipeline.visualize.report import page, sections, series, verdict
from tests.visualize.report.published import DAY, candle, week

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
ASSETS = Path(page.__file__).parent / "assets"


@pytest.fixture
def render(read):
    def rendered(**published):
        known = read(**published)
        pairs = series.of(known)
        return page.render(known, pairs, verdict.of(known, pairs))

    return rendered


class Elements(HTMLParser):
    """The elements of a page with their attributes, and what is in its scripts and styles."""

    def __init__(self, html):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        tag, attributes = self.found[-1] if self.found else ("", {})
        if tag in self.texts and "type" not in attributes and self.cdata_elem:
            self.texts[tag].append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def test_nothing_is_loaded_from_anywhere(render):
    elements = Elements(render())
    sources = [
        each for _, attributes in elements.found for each in (attributes.get("src"), attributes.get("srcset")) if each
    ]
    assert (sources, elements.all("link"), elements.all("iframe")) == ([], [], [])


def test_the_policy_allows_the_page_s_own_scripts_and_style_and_nothing_else(render):
    elements = Elements(render())
    (policy,) = [each["content"] for each in elements.all("meta") if each.get("http-equiv")]
    hashes = {
        tag: [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts]
        for tag, texts in elements.texts.items()
    }
    assert len(hashes["script"]) == 2
    assert policy == (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; style-src {hashes['style'][0]};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_no_element_has_a_style_or_a_handler_of_its_own(render):
    names = {name for _, attributes in Elements(render()).found for name in attributes}
    assert {name for name in names if name == "style" or name.startswith("on")} == set()


@pytest.mark.parametrize("where", ["coin_id", "vs_currency"])
def test_markup_in_data_is_text(render, where):
    html = render(candles=week(**{where: EVIL}))
    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img id="printed"', "")


def test_markup_in_the_evidence_is_text(render):
    step = {"step": EVIL, "started_at": "2026-05-15 14:42:00", "seconds": 1.0, "outcome": EVIL, "facts": EVIL}
    html = render(tables={
        "run_checks": [{"check_name": EVIL, "outcome": EVIL}],
        "run_steps": [step],
        "run_settings": [{"section": EVIL, "key": EVIL, "value": EVIL}],
        "run_versions": [{"package": EVIL, "version": EVIL}],
    })  # fmt: skip
    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img id="printed"', "")


def test_sample_data_says_so_in_title_heading_and_chart(render):
    html = render()
    assert re.search(r"<title>SAMPLE · Bitcoin / USD", html)
    assert html.count("SAMPLE") >= 4
    assert "data-watermark=SAMPLE" in html


def test_real_data_says_sample_nowhere(render):
    text = re.sub(
        r"<(script|style)>.*?</\1>", "", render(is_sample=False, candles=week(source="CoinGecko")), flags=re.DOTALL
    )
    assert "SAMPLE" not in text


def test_the_same_facts_give_the_same_page(render):
    assert render() == render()


def test_a_single_series_has_no_choice_of_series(render):
    assert Elements(render()).all("select") == []


def test_a_page_without_javascript_has_the_newest_days(render):
    html = render()
    assert html.index("Fri 15 May 2026") < html.index("Fri 8 May 2026")
    assert "<noscript>" in html


# --- The lists


def lists(known):
    return {part.id: part for part in sections.of(known)}


def test_lists_have_the_rows_of_the_pairs_that_the_run_was_for(read):
    gap = {
        "coin_id": "ethereum", "vs_currency": "usd", "gap_from": "2026-05-12 03:00:00", "gap_to": "2026-05-12 05:00:00",
        "granularity": "hourly", "slots": 2, "cause": "not_run", "state": "open", "found_at": "2026-05-13 00:40:00",
    }  # fmt: skip
    assert lists(read(tables={"price_gaps": [gap, gap | {"coin_id": "bitcoin"}]}))["gaps"].rows[0][0] == "bitcoin / usd"
    assert lists(read(tables={"price_gaps": [gap]}))["gaps"].rows == []


def test_an_empty_version_says_of_each_list_that_there_is_nothing(read):
    found = lists(read(tables={"run_checks": []}))
    assert [found[name].rows for name in ("gaps", "revisions", "anomalies", "opinions", "checks")] == [[]] * 5


def test_a_long_list_is_cut_and_says_how_much_is_missing(read):
    change = {
        "coin_id": "bitcoin", "vs_currency": "usd", "date": DAY, "subject": "candle", "field": "close",
        "old_value": "1.5", "new_value": "67503.21435367", "reason": "late_points", "revised_at": "2026-05-15 00:40:00",
    }  # fmt: skip
    rows = lists(read(tables={"candle_revisions": [change] * 201}))["revisions"].rows
    assert (len(rows), rows[-1][0]) == (201, "and 1 more, in the published database")


def test_of_a_long_list_of_gaps_open_and_notable_ones_come_first_and_all_are_counted(read):
    gap = {
        "coin_id": "bitcoin", "vs_currency": "usd", "gap_to": "2026-05-15 00:00:00", "granularity": "hourly",
        "slots": 1, "cause": "coingecko_silent", "found_at": "2026-05-13 00:40:00",
    }  # fmt: skip
    days = [str(DAY - timedelta(days=back)) for back in range(1, 400)]
    single = [gap | {"gap_from": f"{day} 03:00:00", "state": "open", "is_notable": False} for day in days]
    closed = gap | {"gap_from": f"{days[0]} 05:00:00", "state": "closed", "is_notable": True}
    notable = gap | {"gap_from": "2020-01-01 05:00:00", "state": "open", "is_notable": True}
    part = lists(read(tables={"price_gaps": [*single, closed, notable]}))["gaps"]
    assert (part.lead, part.is_open) == ("Holes in the prices of all days: 400 open, 1 closed.", False)
    assert [row[1] for row in part.rows[:2]] == ["2020-01-01 05:00Z", f"{days[0]} 03:00Z"]
    assert (len(part.rows), part.rows[-1][0]) == (201, "and 201 more, in the published database")


def test_of_second_opinions_those_that_differ_are_listed(read):
    opinion = {"coin_id": "bitcoin", "vs_currency": "usd", "date": DAY, "ohlc_candles": 6}
    told = [opinion | {"verdict": "agrees", "largest_bps": 1.0}, opinion | {"verdict": "differs", "largest_bps": 70.25}]
    part = lists(read(tables={"second_opinions": told}))["opinions"]
    assert (len(part.rows), part.rows[0][-1]) == (1, "70.25 bp")
    assert "1 agrees, 1 differs" in part.lead


def test_the_checks_that_warned_come_first(read):
    checks = [{"check_name": f"singular:assert_{name}", "outcome": outcome} for name, outcome in
              (("a", "pass"), ("no_gap_is_open", "warn"))]  # fmt: skip
    assert lists(read(tables={"run_checks": checks}))["checks"].rows[0] == ("warn", "no gap is open", "singular")


def test_the_steps_are_told_with_their_times_and_end_with_publish(read):
    step = {
        "step": "Test",
        "started_at": "2026-05-15 14:42:04",
        "seconds": 0.2,
        "outcome": "done",
        "facts": "tests=122",
    }
    rows = lists(read(tables={"run_steps": [step]}))["run"].rows
    assert rows[0] == ("Test", "2026-05-15 14:42:04Z", "0.20 s", "done", "tests=122")
    assert rows[-1][:2] == ("Publish", "2026-05-15 14:42:05Z")


# --- The bundled library


def test_the_charting_library_is_the_one_whose_licence_is_noted():
    notice = (ASSETS / "lightweight-charts-notice.txt").read_text()
    library = (ASSETS / "lightweight-charts-5.2.1.js").read_text()
    assert "Lightweight Charts™ v5.2.1" in library[:200]
    assert "Apache License, Version 2.0" in notice
    assert "Apache License" in (ASSETS / "lightweight-charts-license.txt").read_text()[:200]
    assert hashlib.sha256(library.encode()).hexdigest() in notice


def test_the_page_names_the_library_its_licence_and_its_maker(render):
    footer = render().rpartition("<footer>")[2]
    assert "Lightweight Charts" in footer
    assert "Apache License 2.0" in footer
    assert "https://www.tradingview.com/" in footer


def test_a_candle_of_another_day_than_the_run_s_is_no_trouble(render):
    assert "Fri 1 May 2026" not in render(candles=[candle(DAY.replace(day=1)), candle()])


def test_of_more_than_five_years_the_page_says_how_many_candles_it_leaves_out(render):
    many = [candle(DAY - timedelta(days=back)) for back in range(1_830, -1, -1)]
    assert "newest five years of each series; 5 older candles are in the published database" in render(candles=many)
    assert "older candles" not in render()
