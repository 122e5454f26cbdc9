"""Many coins on one page: a small chart for each, read back from its axes and artists."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest
from matplotlib.dates import date2num
from PIL import Image

from btc_pipeline.visualize.chart.coin_chart import ChartSettings
from btc_pipeline.visualize.chart.overview import build_overview, cells_of, draw_overview
from tests.visualize.chart.test_coin_chart import (
    DAYS,
    FACTS,
    FIRST_DAY,
    LAST_DAY,
    LONG_NAME,
    SAMPLE_FACTS,
    bodies_in,
    flat,
    text_of,
    texts_with,
    visible_texts,
    week,
    with_gid,
    with_status,
    without,
)


def coin(name, candles, facts=FACTS):
    facts = replace(facts, coin_id=name)
    return facts, [replace(each, coin_id=name) for each in candles]


FOUR = [
    coin("bitcoin", week()),
    coin("pepe", with_status("provisional", DAYS[2], without([DAYS[4]], week(3e-10)))),
    coin("tether", flat(1.0)),
    coin("silent", []),
]
MANY = [
    coin(f"{LONG_NAME}-{number}" if number % 3 else f"coin-{number}", week(10.0 ** (number % 16 - 12)), SAMPLE_FACTS)
    for number in range(100)
]


@cache
def four():
    return build_overview(FOUR)


def axes_of(figure, name):
    (axes,) = [axes for axes in figure.axes if axes.get_label() == name]
    return axes


def test_overview_draws_each_coin_s_candles_from_open_to_close():
    figure = four()
    _, candles = FOUR[0]
    axes = axes_of(figure, "bitcoin/usd")
    drawn = bodies_in(axes, "final") | bodies_in(axes, "open")
    assert drawn == {date2num(each.date): pytest.approx(sorted((each.open, each.close))) for each in candles}


def test_overview_gives_each_coin_its_own_price_scale_with_all_of_its_prices():
    for facts, candles in FOUR[:3]:
        low, high = axes_of(four(), f"{facts.coin_id}/usd").get_ylim()
        assert low < min(each.low for each in candles)
        assert high > max(each.high for each in candles)


def test_overview_axes_hold_every_day_whole():
    for facts, _ in FOUR[:3]:
        left, right = axes_of(four(), f"{facts.coin_id}/usd").get_xlim()
        assert (left <= date2num(FIRST_DAY) - 0.5, right >= date2num(LAST_DAY) + 0.5) == (True, True)


def test_overview_marks_open_provisional_and_missing_days():
    axes = axes_of(four(), "pepe/usd")
    (unsettled,) = with_gid(axes, "open-bodies")
    (provisional,) = with_gid(axes, "provisional-bodies")
    (gap,) = with_gid(axes, "gap")
    assert unsettled.get_hatch()
    assert all(dashes for _, dashes in provisional.get_linestyles())
    assert gap.get_x() + gap.get_width() / 2 == date2num(DAYS[4])


def test_overview_says_no_data_of_a_coin_without_candles():
    axes = axes_of(four(), "silent/usd")
    assert [text.get_text() for text in axes.texts] == ["no data"]
    assert text_of(four(), "coverage") == "No data of 1: Silent / USD"


def test_overview_writes_names_last_prices_and_changes_over_the_window():
    written = {
        gid: [text.get_text() for text in with_gid(four(), gid)] for gid in ("cell-name", "cell-price", "cell-change")
    }
    assert written == {
        "cell-name": ["Bitcoin", "Pepe", "Tether", "Silent"],
        "cell-price": ["50,200.00", "0.000015060", "1.0000"],
        "cell-change": ["▼ −13.45 %", "▼ −13.45 %", "0.00 %"],
    }


def test_overview_footer_has_the_source_and_the_ages_of_the_newest_prices():
    charts = [FOUR[0], coin("late", week()[:-1])]
    source = "Source: CoinGecko · data as of 15 May 2021, 14:42 UTC"
    assert text_of(build_overview(charts), "source") == f"{source} · newest prices 1 minute to 15 hours older"


def test_overview_of_sample_data_says_so_on_each_chart():
    figure = build_overview([coin("bitcoin", week(), SAMPLE_FACTS), coin("pepe", week(), SAMPLE_FACTS)])
    assert len(with_gid(figure, "watermark")) == 2
    assert text_of(figure, "badge") == "SAMPLE"
    assert text_of(figure, "source").startswith("SAMPLE: not live market data")


def test_overview_of_live_data_never_says_sample():
    assert not texts_with(four(), "SAMPLE")


@pytest.mark.parametrize(("number", "columns", "rows"), [(2, 2, 1), (5, 3, 2), (12, 4, 3), (20, 5, 4), (100, 8, 13)])
def test_overview_has_sensible_rows_and_columns(number, columns, rows):
    cells, _ = cells_of(number)
    assert (len({cell.left for cell in cells}), len({cell.top for cell in cells})) == (columns, rows)


def test_overview_of_a_hundred_keeps_texts_apart_on_the_page_and_numbers_whole():
    figure = build_overview(MANY)
    height = figure.bbox.height
    texts = [text for text in visible_texts(figure) if text.get_gid() != "watermark"]
    boxes = [((text.get_bbox_patch() or text).get_window_extent(), text) for text in texts]
    assert [text for box, text in boxes if box.x0 < 0 or box.x1 > 1600 or box.y0 < 0 or box.y1 > height] == []
    assert [(one, other) for (a, one), (b, other) in combinations(boxes, 2) if a.overlaps(b)] == []
    assert [text.get_text() for text in with_gid(figure, "cell-change") if "…" in text.get_text()] == []


def test_overview_refuses_what_is_no_candle():
    with pytest.raises(ValueError, match="not a candle"):
        build_overview([coin("bitcoin", [replace(week()[0], low=0.0)])])


def test_overview_file_is_a_png_that_tells_what_it_is(tmp_path):
    (path,) = draw_overview(FOUR, tmp_path / "overview.png", ChartSettings())
    with Image.open(path) as picture:
        assert picture.info["Title"] == "4 coins in USD"
        assert picture.width == 1600
