"""The report in a real Chromium: it draws, asks nobody, answers to mouse and keyboard, prints, and is for everybody."""

import re
from datetime import timedelta

import pytest

from btc_pipeline.visualize.report import write
from tests.browser.watched import DESKTOP, PHONE
from tests.visualize.report.published import DAY, Published, backfill, candle, week

EVIL = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'">'
DARK = {**DESKTOP, "color_scheme": "dark"}


def history(days, coin_id="bitcoin"):
    """So many days up to the run's; every tenth is missing, every seventh is provisional."""
    rows = []
    for back in range(days - 1, -1, -1):
        day = DAY - timedelta(days=back)
        if back % 10 != 9:
            status = "open" if back == 0 else "provisional" if back % 7 == 6 else "final"
            rows.append(candle(day, 60_000 + 37 * (back % 50), coin_id=coin_id, status=status, coverage=0.91))
    return rows


@pytest.fixture
def opened(new_page, tmp_path):
    """A function that opens the report of what is published, when it has been drawn."""

    def open_(window=DESKTOP, averages=(7, 30), **published):
        report = tmp_path / "report" / f"{DAY}.html"
        write.write(Published(**published).write(tmp_path / "published.duckdb"), report, averages)
        watched = new_page(window).open(report)
        watched.page.wait_for_selector("html[data-shown]")
        watched.settle()
        return watched

    return open_


def read_out(watched):
    watched.settle()
    return watched.page.inner_text("#readout")


# --- It renders, and asks nobody


@pytest.mark.parametrize("window", [DESKTOP, PHONE, DARK], ids=["desktop", "phone", "dark"])
def test_the_report_logs_nothing_and_asks_nobody(opened, window):
    watched = opened(window, candles=[*history(401), *history(30, "ethereum")])
    assert (watched.complaints, watched.requests) == ([], [])


def rises(watched):
    """The rows of pixels, from the top of the chart, that have more than a few of the colour of a rise."""
    colour = watched.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--up')")
    wanted = [int(colour.strip()[i : i + 2], 16) for i in (1, 3, 5)]
    return watched.page.evaluate(
        """wanted => {
            const canvas = document.querySelector('#chart canvas'), rows = [];
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let y = 0; y < canvas.height; y += 1) {
                let found = 0;
                for (let i = 4 * y * canvas.width; i < 4 * (y + 1) * canvas.width; i += 4)
                    if (wanted.every((value, n) => pixels[i + n] === value)) found += 1;
                if (found > 5) rows.push(y);
            }
            return rows;
        }""",
        wanted,
    )


def test_the_candles_are_on_the_canvas(opened):
    """Pixels of the colour of a rise are on it: a chart that failed to draw has none."""
    assert len(rises(opened())) > 100


def test_the_newest_candle_is_read_out_at_first(opened):
    text = read_out(opened())
    assert text.startswith("Fri 15 May 2026")
    assert "close 68,000.12" in text
    assert "▲ +1.01 % since open" in text
    assert "coverage 100 % of 24 hourly slots" in text
    assert "status open" in text


def test_the_table_in_the_page_is_what_the_script_makes_of_it(opened):
    """Python writes the newest days for a page without JavaScript; the script does so again from the packed ones."""
    watched = opened(candles=week())
    written = re.search(r'<tbody id="rows">(.*?)</tbody>', watched.file.read_text(), re.DOTALL)
    assert written
    plain = re.sub(r"</?t[rdh].*?>", " ", written[1]).split()
    assert watched.page.locator("#rows").inner_text().split() == plain


# --- Mouse, keyboard, choices


def test_the_crosshair_reads_out_the_day_that_it_is_on(opened):
    watched = opened(candles=week())
    box = watched.page.locator("#chart").bounding_box()
    watched.page.mouse.move(box["x"] + 60, box["y"] + 100)
    assert read_out(watched).startswith("Fri 8 May 2026")
    watched.page.mouse.move(box["x"] + 60, box["y"] - 40)
    assert read_out(watched).startswith("Fri 15 May 2026")


def test_the_arrow_keys_move_from_day_to_day(opened):
    watched = opened()
    watched.page.focus("#chart")
    days = []
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "Home", "ArrowLeft", "End"):
        watched.page.keyboard.press(key)
        days.append(read_out(watched).split(" May")[0])
    assert days == ["Thu 14", "Wed 13", "Thu 14", "Fri 8", "Fri 8", "Fri 15"]


def test_a_day_without_data_says_so(opened):
    watched = opened(candles=[row for row in week() if row["date"] != DAY - timedelta(days=1)])
    watched.page.focus("#chart")
    watched.page.keyboard.press("ArrowLeft")
    assert read_out(watched).split("2026")[1].strip() == "no data"


def test_a_key_of_the_browser_s_own_is_left_to_it(opened):
    watched = opened()
    watched.page.focus("#chart")
    prevented = watched.page.evaluate(
        """() => !document.getElementById("chart").dispatchEvent(
            new KeyboardEvent("keydown", { key: "ArrowLeft", altKey: true, cancelable: true, bubbles: true }))"""
    )
    assert (prevented, read_out(watched)[:6]) == (False, "Fri 15")


def test_the_arrow_keys_stay_in_the_range(opened):
    watched = opened(candles=history(90))
    watched.page.focus("#chart")
    for _ in range(20):
        watched.page.keyboard.press("ArrowLeft")
    assert read_out(watched).startswith("Fri 8 May 2026")


@pytest.mark.parametrize(("label", "days"), [("Week", 8), ("30 D", 30), ("90 D", 90), ("1 Y", 365), ("All", 401)])
def test_the_range_switch_changes_table_strip_and_what_is_pressed(opened, label, days):
    watched = opened(candles=history(401))
    watched.page.get_by_role("button", name=label, exact=True).click()
    watched.settle()
    pressed = watched.page.locator("#ranges [aria-pressed=true]").all_inner_texts()
    counts = [watched.page.locator(each).count() for each in ("#rows tr", "#strip rect")]
    assert (pressed, counts) == ([label], [days, days])


def test_the_chart_shows_the_days_of_the_range_and_no_other(opened):
    watched = opened(candles=history(90))
    box = watched.page.locator("#chart").bounding_box()
    watched.page.mouse.move(box["x"] + 3, box["y"] + 100)
    assert read_out(watched).startswith("Fri 8 May 2026")


def test_the_range_switch_zooms_the_chart(opened):
    watched = opened(candles=history(401))
    before = watched.page.locator("#chart").screenshot()
    watched.page.get_by_role("button", name="90 D").click()
    watched.settle()
    assert watched.page.locator("#chart").screenshot() != before


def test_a_short_history_offers_no_range(opened):
    assert not opened().page.locator("#ranges").is_visible()


def test_another_series_is_shown_when_it_is_chosen(opened):
    watched = opened(candles=[*week(), *history(30, "ethereum")])
    watched.page.select_option("#series", label="Ethereum / USD")
    watched.page.wait_for_selector("html[data-shown='1']")
    assert watched.page.inner_text("#candles-title") == "Ethereum / USD"
    assert "60,000.00" in read_out(watched)


def test_of_two_choices_in_a_row_the_last_one_is_shown(opened):
    watched = opened(candles=[*week(), *history(401, "ethereum")])
    watched.page.evaluate(
        """() => { const select = document.getElementById("series");
        for (const value of ["1", "0"]) { select.value = value; select.dispatchEvent(new Event("change")); } }"""
    )
    watched.page.wait_for_timeout(300)
    assert watched.page.inner_text("#candles-title") == "Bitcoin / USD"


def test_a_series_is_chosen_in_the_table_of_all_as_well(opened):
    watched = opened(candles=[*week(), *history(30, "ethereum")])
    watched.page.get_by_role("link", name="Ethereum / USD").click()
    watched.page.wait_for_selector("html[data-shown='1']")
    assert watched.page.locator("#series").evaluate("each => each.selectedOptions[0].label") == "Ethereum / USD"


def test_moving_averages_are_read_out_where_the_history_allows(opened):
    watched = opened(candles=[candle(DAY - timedelta(days=back), 100.0 + back) for back in range(8)])
    assert "SMA 7 103.00" in read_out(watched)
    assert "SMA 30" not in read_out(watched)


def test_a_moving_average_takes_room_from_the_candles_but_a_far_one_only_so_much(opened):
    days = [candle(DAY - timedelta(days=back), 500.0 if back > 7 else 100.0 - back) for back in range(20)]
    alone, beside = (rises(opened(candles=days, averages=periods)) for periods in ((), (10,)))
    assert 0.6 < (beside[-1] - beside[0]) / (alone[-1] - alone[0]) < 0.9


# --- Hostile and odd data


@pytest.mark.parametrize("where", ["coin_id", "vs_currency"])
def test_markup_in_a_name_is_inert(opened, where):
    watched = opened(candles=[*week(**{where: EVIL}), *week(coin_id="zcash")])
    assert watched.page.title() != "taken"
    assert "<script>" in watched.page.inner_text("#candles-title").lower() + watched.page.inner_text("h1").lower()
    assert (watched.complaints, watched.requests) == ([], [])


@pytest.mark.parametrize("close", [1.5e-9, 0.00012, 1.0, 1e6, 2.1e9])
def test_prices_of_any_size_are_drawn_and_read_out(opened, close):
    watched = opened(candles=week()[:0] + [candle(DAY - timedelta(days=back), close) for back in range(8)])
    assert watched.complaints == []
    assert "close " in read_out(watched)
    assert "close 0.00 " not in read_out(watched)


def test_a_single_flat_candle_is_drawn(opened):
    watched = opened(candles=[candle(open=5.0, high=5.0, low=5.0, close=5.0, volume_24h=None)])
    assert watched.complaints == []
    assert "0.00 %" in read_out(watched)
    assert "24 h volume unknown" in read_out(watched)


# --- For everybody


@pytest.mark.parametrize("window", [DESKTOP, PHONE, DARK], ids=["desktop", "phone", "dark"])
def test_an_accessibility_check_finds_nothing_serious(opened, window):
    assert opened(window, candles=[*history(401), *history(30, "ethereum")]).violations() == []


def test_the_index_passes_the_accessibility_check_too(opened, new_page):
    report = opened()
    index = new_page().open(report.file.with_name("index.html"))
    assert (index.violations(), index.complaints, index.requests) == ([], [], [])


def test_the_page_fits_the_width_of_a_phone(opened):
    assert opened(PHONE, candles=[*history(401), *history(30, "ethereum")]).width_of_content() == 390


def test_a_printed_page_has_the_chart_as_a_picture(opened):
    watched = opened(candles=history(90))
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    watched.page.emulate_media(media="print")
    watched.settle()
    assert watched.page.locator("#printed").is_visible()
    assert watched.page.locator("#printed").evaluate("each => each.decode().then(() => each.naturalWidth)") > 600
    assert not watched.page.locator("#ranges").is_visible()
    assert watched.complaints == []


def test_a_page_in_dark_colours_is_printed_in_light_ones(opened):
    watched = opened(DARK)
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    corner = watched.page.evaluate(
        """async () => { const picture = document.getElementById("printed"); await picture.decode();
        const canvas = document.createElement("canvas"); canvas.width = canvas.height = 4;
        const context = canvas.getContext("2d"); context.drawImage(picture, 0, 0);
        return [...context.getImageData(1, 1, 1, 1).data]; }"""
    )
    assert corner == [255, 255, 255, 255]
    watched.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"


def test_an_old_report_says_that_its_prices_are_stale(opened):
    watched = opened()
    assert watched.page.inner_text("#age").startswith("Stale: the newest price is ")


def test_a_report_of_a_backfill_shows_its_days_at_first_and_does_not_go_stale(opened):
    first, last = DAY - timedelta(days=40), DAY - timedelta(days=1)
    watched = opened(candles=history(60), about=backfill(first, last))
    assert watched.page.locator("#ranges [aria-pressed=true]").inner_text() == "All"
    assert watched.page.locator("#age").count() == 0
    assert read_out(watched).startswith("Thu 14 May 2026")
    assert (watched.complaints, watched.requests) == ([], [])


@pytest.mark.parametrize(("now", "text"), [
    ("14:31", "1 minute old now"), ("16:29", "119 minutes old now"), ("16:30", "2 hours old now"),
    ("20:31", "Stale: the newest price is 6 hours old now"),
])  # fmt: skip
def test_a_report_says_how_old_its_prices_are_for_whoever_looks_now(now, text, opened):
    page = opened().page
    page.clock.set_fixed_time(f"2026-05-15T{now}:00Z")
    page.reload()
    page.wait_for_selector("html[data-shown]")
    assert page.inner_text("#age") == text


# --- Pictures to look at, and size


@pytest.mark.parametrize("window", [DESKTOP, PHONE, DARK], ids=["desktop", "phone", "dark"])
def test_pictures_are_taken_for_looking_at(opened, window, request):
    watched = opened(window, candles=[*history(90), *history(30, "ethereum")])
    path = watched.picture(f"report-{request.node.callspec.id}")
    assert path.stat().st_size > 50_000
