"""The chart: what it shows, read back from its axes and artists; and its file, whole or not there."""

import json
import math
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib import colors, rc_context, rcParams
from matplotlib.dates import date2num
from matplotlib.text import Text
from PIL import Image

from btc_pipeline.market import formatting
from btc_pipeline.market.candle import Candle
from btc_pipeline.visualize.chart import style
from btc_pipeline.visualize.chart.coin_chart import ChartFacts, ChartSettings, build_figure, draw_candles
from btc_pipeline.visualize.chart.palette import PALETTES
from tests.support.patience import PATIENCE

LAST_DAY = date(2021, 5, 15)
FIRST_DAY = LAST_DAY - timedelta(days=7)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(8)]
AVERAGES: dict[int, list[float | None]] = {
    7: [None, None, *(56e3 - 500 * number for number in range(6))],
    30: [60_200.0] * 8,
    90: [49e3] * 8,
}
FACTS = ChartFacts(
    coin_id="bitcoin",
    vs_currency="usd",
    first_day=FIRST_DAY,
    last_day=LAST_DAY,
    source="CoinGecko",
    is_sample=False,
    data_as_of=datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc),
)
LIGHT = PALETTES["light"]
SAMPLE_FACTS = replace(FACTS, source="SAMPLE (synthetic)", is_sample=True)
LONG_NAME = "super-long-wrapped-bridged-staked-liquid-coin-of-the-binance-peg-bridge-on-arbitrum-one"


def candle(day, open_, high, low, close, **changes):
    settled = Candle(
        coin_id="bitcoin",
        vs_currency="usd",
        date=day,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume_24h=60e9,
        status="final",
        coverage=1.0,
        points=24,
        last_point_at=datetime.combine(day, time(23, 30), timezone.utc),
    )
    return replace(settled, **changes)


def week(scale=1.0, **changes):
    """Seven settled days, up and down in turn, and the open one."""
    candles = [
        candle(
            day,
            open_=scale * (58_000 - 1_000 * number),
            high=scale * (59_500 - 1_000 * number),
            low=scale * (56_000 - 1_000 * number),
            close=scale * (58_000 - 1_000 * number + 800 * (-1) ** number),
            volume_24h=(50 + number) * 1e9,
        )
        for number, day in enumerate(DAYS)
    ]
    today = replace(candles[-1], status="open", last_point_at=datetime(2021, 5, 15, 14, 41, tzinfo=timezone.utc))
    return [replace(each, **changes) for each in [*candles[:-1], today]]


def with_status(status, day, candles):
    return [replace(each, status=status) if each.date == day else each for each in candles]


def without(days, candles):
    return [each for each in candles if each.date not in days]


def flat(price):
    return [replace(each, open=price, high=price, low=price, close=price) for each in week()]


def month():
    days = [LAST_DAY - timedelta(days=number) for number in range(31)]
    return without(days[9:11], [candle(day, 50e3, 52e3, 49e3, 51e3) for day in days])


CHARTS = {
    "week": (week(), FACTS),
    "sample": (week(), SAMPLE_FACTS),
    "last price near a label": ([*week()[:-1], candle(LAST_DAY, 51e3, 52e3, 49e3, 50_500.0)], FACTS),
    "one candle": (week()[-1:], FACTS),
    "one day": (week()[-1:], replace(FACTS, first_day=LAST_DAY)),
    "gap": (without(DAYS[3:5], week()), FACTS),
    "today missing": (week()[:-1], FACTS),
    "flat": (flat(1.0), FACTS),
    "flat and tiny": (flat(1e-9), FACTS),
    "tiny": (week(2e-14), FACTS),
    "small": (week(3e-10), FACTS),
    "huge": (week(26_000.0, vs_currency="idr"), replace(FACTS, vs_currency="idr")),
    "fall to almost nothing": (
        [*week()[:-1], candle(LAST_DAY, 3.0, 4.0, 0.001, 0.002, status="open")],
        FACTS,
    ),
    "long name": (week(coin_id=LONG_NAME), replace(SAMPLE_FACTS, coin_id=LONG_NAME)),
    "provisional": (with_status("provisional", DAYS[-2], week()), FACTS),
    "all bad": (with_status("provisional", DAYS[0], without(DAYS[1:6:2], week(coverage=0.5))), SAMPLE_FACTS),
    "everything at once": (
        with_status("provisional", DAYS[2], without([DAYS[4]], [replace(week()[0], close=58e3), *week()[1:]])),
        replace(SAMPLE_FACTS, averages=AVERAGES),
    ),
    "no volume": (week(volume_24h=None), FACTS),
    "a month": (month(), replace(FACTS, first_day=LAST_DAY - timedelta(days=30))),
}
every_chart = pytest.mark.parametrize("name", CHARTS)


@cache
def figure_of(name):
    """Each chart, drawn once: for tests that only look at it."""
    return build_figure(*CHARTS[name])


def axes_of(figure):
    price, volume = figure.axes
    assert (price.get_label(), volume.get_label()) == ("price", "volume")
    return price, volume


def with_gid(artist, gid):
    return artist.findobj(lambda each: each.get_gid() == gid)


def texts_with(figure, part):
    return [text for text in visible_texts(figure) if part in text.get_text()]


def visible_texts(figure):
    figure.canvas.draw()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def text_of(figure, gid):
    (text,) = with_gid(figure, gid)
    return text.get_text()


def bodies(figure, status):
    """The corners of the bodies of a status, by day: (lowest, highest) price."""
    price, _ = axes_of(figure)
    return bodies_in(price, status)


def bodies_in(axes, status):
    found = {}
    for collection in with_gid(axes, f"{status}-bodies"):
        for path in collection.get_paths():
            (left, bottom), (right, top) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            if math.isfinite(bottom):
                found[(left + right) / 2] = (bottom, top)
    return found


# The axis of days


@every_chart
def test_chart_axis_holds_every_day_of_the_window_whole(name):
    _, facts = CHARTS[name]
    for axes in figure_of(name).axes:
        left, right = axes.get_xlim()
        assert left <= date2num(facts.first_day) - 0.5
        assert right >= date2num(facts.last_day) + 0.5


def test_chart_labels_each_day_of_the_week_at_its_date():
    _, volume = axes_of(build_figure(week(), FACTS))
    labels = {tick.get_loc(): tick.label1.get_text() for tick in volume.xaxis.get_major_ticks()}
    names = ["Sat 8", "Sun 9", "Mon 10", "Tue 11", "Wed 12", "Thu 13", "Fri 14", "Sat 15"]
    assert labels == {date2num(day): f"{name} May" for day, name in zip(DAYS, names, strict=True)}


def test_chart_labels_the_last_day_of_a_long_window():
    _, volume = axes_of(build_figure(*CHARTS["a month"]))
    assert "Sat 15 May" in [label.get_text() for label in volume.get_xticklabels()]


def test_chart_says_that_its_days_are_utc():
    figure = build_figure(week(), FACTS)
    assert text_of(figure, "subtitle") == "Daily candles, 8 to 15 May 2021, days in UTC"
    assert texts_with(figure, "UTC")


def test_chart_is_the_same_in_every_time_zone(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.visualize.chart import test_coin_chart as test;"
        "test.draw_candles(test.week(), test.FACTS, Path(sys.argv[1]))"
    )
    pictures = {}
    for zone in ("UTC", "Pacific/Apia"):
        path = tmp_path / f"{zone.replace('/', '-')}.png"
        run_python(code, str(path), TZ=zone)
        with Image.open(path) as picture:
            pictures[zone] = picture.tobytes()
    assert pictures["UTC"] == pictures["Pacific/Apia"]


# The candles


def test_chart_draws_each_candle_at_its_day_from_open_to_close():
    candles = week()
    figure = build_figure(candles[::-1], FACTS)
    drawn = bodies(figure, "final") | bodies(figure, "open")
    assert drawn == {date2num(each.date): pytest.approx(sorted((each.open, each.close))) for each in candles}


def test_chart_draws_wicks_to_high_and_low():
    candles = week()
    price, _ = axes_of(build_figure(candles, FACTS))
    (collection,) = with_gid(price, "final-wicks")
    ends = defaultdict(list)
    for segment in collection.get_segments():
        for x, y in segment:
            ends[x].append(y)
    assert {x: (min(ys), max(ys)) for x, ys in ends.items()} == {
        date2num(each.date): (each.low, each.high) for each in candles[:-1]
    }


@every_chart
def test_chart_price_axis_holds_every_price_with_room(name):
    candles, _ = CHARTS[name]
    price, _ = axes_of(figure_of(name))
    low, high = price.get_ylim()
    assert low < min(each.low for each in candles)
    assert high > max(each.high for each in candles)


def test_chart_leaves_a_missing_day_empty_and_says_so():
    missing = DAYS[3]
    figure = build_figure(without([missing], week()), FACTS)
    price, volume = axes_of(figure)
    assert date2num(missing) not in bodies(figure, "final")
    for axes in (price, volume):
        (band,) = with_gid(axes, "gap")
        assert band.get_x() + band.get_width() / 2 == date2num(missing)
    (words,) = texts_with(figure, "no data")[:1]
    assert words.xy[0] == date2num(missing)
    assert text_of(figure, "coverage") == "Coverage: Tue 11 May no data"


def test_chart_without_missing_days_shows_no_gap():
    figure = build_figure(week(), FACTS)
    assert not with_gid(figure, "gap")
    assert not with_gid(figure, "coverage")


def test_chart_tells_up_down_and_unchanged_by_colour():
    candles = [
        candle(DAYS[0], 10, 12, 9, 11),
        candle(DAYS[1], 11, 12, 9, 10),
        candle(DAYS[2], 10, 12, 9, 10),
    ]
    price, _ = axes_of(build_figure(candles, FACTS))
    (collection,) = with_gid(price, "final-bodies")
    assert [colors.to_hex(face).upper() for face in collection.get_facecolors()[:3]] == [
        LIGHT.up,
        LIGHT.down,
        LIGHT.flat.upper(),
    ]


def test_chart_marks_the_open_candle_hatched_and_by_word():
    candles = week()
    price, _ = axes_of(build_figure(candles, FACTS))
    (settled,) = with_gid(price, "final-bodies")
    (unsettled,) = with_gid(price, "open-bodies")
    assert not settled.get_hatch()
    assert unsettled.get_hatch()
    assert {colors.to_hex(face).upper() for face in unsettled.get_facecolors()} == {LIGHT.paper}
    (mark,) = with_gid(price, "status-mark")
    assert (mark.get_text(), mark.xy) == ("open", (date2num(LAST_DAY), candles[-1].high))


def test_chart_marks_a_provisional_candle_hollow_dashed_and_by_word():
    price, _ = axes_of(build_figure(with_status("provisional", DAYS[2], week()), FACTS))
    (settled,) = with_gid(price, "final-bodies")
    (unsettled,) = with_gid(price, "provisional-bodies")
    assert {dashes for _, dashes in settled.get_linestyles()} == {None}
    assert all(dashes for _, dashes in unsettled.get_linestyles())
    assert {colors.to_hex(face).upper() for face in unsettled.get_facecolors()} == {LIGHT.paper}
    assert not unsettled.get_hatch()
    assert ("provisional", date2num(DAYS[2])) in [
        (mark.get_text(), mark.xy[0]) for mark in with_gid(price, "status-mark")
    ]


@pytest.mark.parametrize(
    ("candles", "labels"),
    [
        (week()[:-1], ["up", "down"]),
        (week(), ["up", "down", "open: day not over"]),
        (
            with_status("provisional", DAYS[2], week()),
            ["up", "down", "provisional: may still change", "open: day not over"],
        ),
        (flat(1.0), ["up", "down", "unchanged", "open: day not over"]),
    ],
)
def test_chart_legend_names_the_looks_that_are_there(candles, labels):
    (legend,) = build_figure(candles, FACTS).legends
    assert [text.get_text() for text in legend.get_texts()] == labels


# The moving averages


def average(figure, period):
    price, _ = axes_of(figure)
    return with_gid(price, f"average-{period}")


def legend_of(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_chart_draws_averages_at_their_days_and_names_them():
    figure = build_figure(week(), replace(FACTS, averages=AVERAGES))
    (line,) = average(figure, 7)
    drawn = {x: y for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if math.isfinite(y)}
    assert drawn == {date2num(day): value for day, value in zip(DAYS, AVERAGES[7], strict=True) if value}
    assert legend_of(figure)[-3:] == ["SMA 7", "SMA 30", "SMA 90"]


def test_chart_averages_differ_by_more_than_their_colours():
    figure = build_figure(week(), replace(FACTS, averages=AVERAGES), "mono")
    dashes = {str(line._dash_pattern) for period in AVERAGES for line in average(figure, period)}
    assert len(dashes) == 3


@pytest.mark.parametrize("values", [[None] * 8, [1e6] * 8], ids=["no value", "far off"])
def test_chart_claims_no_average_that_cannot_be_seen(values):
    figure = build_figure(week(), replace(FACTS, averages={7: values}))
    assert not average(figure, 7)
    assert "SMA 7" not in legend_of(figure)


def test_chart_keeps_its_candles_large_beside_a_far_average():
    plain, _ = axes_of(build_figure(week(), FACTS))
    price, _ = axes_of(build_figure(week(), replace(FACTS, averages={7: [1e6] * 7 + [59_000.0], 30: [1.0] * 8})))
    (low, high), (plain_low, plain_high) = price.get_ylim(), plain.get_ylim()
    assert high - low <= 1.51 * (plain_high - plain_low)


def test_chart_draws_a_value_that_stands_alone_as_a_dot():
    values = [None, 55e3, None, *[54e3] * 5]
    (line,) = average(build_figure(week(), replace(FACTS, averages={7: values})), 7)
    assert line.get_markevery() == [1]


# The volume


def test_chart_volume_bars_are_the_days_last_rolling_values_from_zero():
    candles = week()
    _, volume = axes_of(build_figure(candles, FACTS))
    drawn = {
        round(bar.get_x() + bar.get_width() / 2, 6): bar.get_height()
        for bar in volume.patches
        if math.isfinite(bar.get_height())
    }
    assert drawn == {date2num(each.date): each.volume_24h for each in candles}
    assert volume.get_ylim()[0] == 0


def test_chart_volume_panel_says_what_it_shows():
    _, volume = axes_of(build_figure(week(), FACTS))
    assert volume.get_title(loc="left") == "Rolling 24 h volume in USD, last value of each day"


def test_chart_volume_labels_are_short():
    _, volume = axes_of(build_figure(week(), FACTS))
    assert [label.get_text() for label in volume.get_yticklabels()] == ["0", "20 B", "40 B", "60 B"]


def test_chart_says_where_a_volume_is_unknown():
    candles = week()
    candles[2] = replace(candles[2], volume_24h=None)
    figure = build_figure(candles, FACTS)
    (words,) = texts_with(figure, "no volume")
    assert words.xy == (date2num(DAYS[2]), 0)


def test_chart_without_any_volume_has_no_volume_scale():
    _, volume = axes_of(build_figure(week(volume_24h=None), FACTS))
    assert not volume.get_yticklabels()


# The words around


def test_chart_title_names_coin_and_currency():
    assert text_of(build_figure(week(), FACTS), "title") == "Bitcoin / USD"


def test_chart_title_of_a_long_name_keeps_the_currency():
    title = text_of(build_figure(*CHARTS["long name"]), "title")
    assert title.startswith("Super Long Wrapped Bridged")
    assert title.endswith("… / USD")


def test_chart_header_has_the_last_price_its_time_and_its_changes():
    figure = build_figure(week(), FACTS)
    assert text_of(figure, "last-price-text") == "50,200.00 USD"
    assert sorted(text.get_text() for text in with_gid(figure, "change")) == [
        "Last price 15 May 2021, 14:41 UTC",
        "▼ −13.45 % since Sat 8 May open",
        "▼ −4.92 % since previous close",
    ]


def test_chart_header_names_the_day_of_a_close_that_is_not_the_day_before():
    figure = build_figure(without([DAYS[-2]], week()), FACTS)
    assert texts_with(figure, "since Thu 13 May close")


def test_chart_header_of_one_candle_has_no_previous_close():
    assert texts_with(build_figure(*CHARTS["one candle"]), "no previous close")


def test_chart_tags_the_last_price_on_the_axis():
    price, _ = axes_of(build_figure(week(), FACTS))
    (tag,) = with_gid(price, "last-price-tag")
    (line,) = with_gid(price, "last-price")
    assert (tag.get_text(), tag.xy[1]) == ("50,200.00", 50_200)
    assert list(line.get_ydata()) == [50_200, 50_200]


def test_chart_footer_has_source_time_of_the_data_in_utc_and_its_freshness():
    apia = timezone(timedelta(hours=13))
    facts = replace(FACTS, data_as_of=FACTS.data_as_of.astimezone(apia))
    figure = build_figure(week(), facts)
    source = text_of(figure, "source")
    assert source == "Source: CoinGecko · data as of 15 May 2021, 14:42 UTC · newest price 1 minute older"


def test_chart_footer_lists_days_that_are_over_and_not_fully_covered():
    candles = week()
    candles[1] = replace(candles[1], coverage=0.996)
    candles[-1] = replace(candles[-1], coverage=0.5)
    assert text_of(build_figure(candles, FACTS), "coverage") == "Coverage: Sun 9 May 99 %"


def test_chart_of_sample_data_says_so_everywhere():
    figure = build_figure(week(), SAMPLE_FACTS)
    assert text_of(figure, "watermark") == "SAMPLE"
    assert text_of(figure, "badge") == "SAMPLE"
    assert text_of(figure, "source").startswith("SAMPLE: not live market data")
    (watermark,) = with_gid(figure, "watermark")
    assert watermark.get_alpha() < 0.2


def test_chart_of_live_data_never_says_sample():
    assert not texts_with(build_figure(week(), FACTS), "SAMPLE")


@every_chart
def test_chart_texts_are_inside_the_page_and_apart(name):
    figure = figure_of(name)
    boxes = {
        text: (text.get_bbox_patch() or text).get_window_extent()
        for text in visible_texts(figure)
        if text.get_gid() != "watermark"
    }
    for text, box in boxes.items():
        assert box.x0 > 0, text
        assert box.y0 > 0, text
        assert box.x1 < style.WIDTH, text
        assert box.y1 < style.HEIGHT, text
    for (one, one_box), (other, other_box) in combinations(boxes.items(), 2):
        assert not one_box.overlaps(other_box), (one, other)


# What makes no chart


@pytest.mark.parametrize(
    ("candles", "message"),
    [
        ([], "no candles"),
        ([*week(), week()[2]], "two candles of one day"),
        ([candle(FIRST_DAY - timedelta(days=1), 10, 12, 9, 11)], "outside the chart's days"),
        ([candle(LAST_DAY, 10, 12, 9, 11, coin_id="ethereum")], "of another chart"),
        ([candle(LAST_DAY, 10, 12, 9, 11, vs_currency="eur")], "of another chart"),
        ([candle(LAST_DAY, 10, 9, 12, 11)], "not a candle"),
        ([candle(LAST_DAY, 10, 12, 9, math.nan)], "not a candle"),
        ([candle(LAST_DAY, 10, math.inf, 9, 11)], "not a candle"),
        ([candle(LAST_DAY, 10, 12, 0, 11)], "not a candle"),
    ],
)
def test_chart_refuses_what_makes_no_chart(candles, message):
    with pytest.raises(ValueError, match=message):
        build_figure(candles, FACTS)


def test_chart_refuses_an_instant_without_a_time_zone():
    with pytest.raises(ValueError, match="without a time zone"):
        build_figure(week(), replace(FACTS, data_as_of=FACTS.data_as_of.replace(tzinfo=None)))


# The file


def test_chart_file_is_a_png_that_tells_what_it_is(tmp_path):
    path = tmp_path / "charts" / "bitcoin.png"
    draw_candles(week(), FACTS, path)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", (1600, 900))
        assert picture.info["Title"] == "Bitcoin / USD"
        assert picture.info["Source"] == "Source: CoinGecko · data as of 15 May 2021, 14:42 UTC"
        assert "Warning" not in picture.info


def test_chart_file_of_sample_data_carries_a_warning(tmp_path):
    draw_candles(week(), SAMPLE_FACTS, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.info["Warning"] == "SAMPLE: not live market data"


def test_chart_for_print_is_297_mm_wide_at_300_dpi(tmp_path):
    draw_candles(week(), FACTS, tmp_path / "chart.png", ChartSettings(size="print"))
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.width == round(297 / 25.4 * 300)
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_chart_as_svg_lies_beside_the_png_and_tells_what_it_is(tmp_path):
    written = draw_candles(week(), SAMPLE_FACTS, tmp_path / "chart.png", ChartSettings(formats=("png", "svg")))
    assert written == [tmp_path / "chart.png", tmp_path / "chart.svg"]
    root = ElementTree.parse(tmp_path / "chart.svg").getroot()
    words = {tag: root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}", "") for tag in ("title", "desc")}
    assert words["title"] == "Bitcoin / USD, SAMPLE: not live market data"
    assert words["desc"].startswith("Daily candles, 8 to 15 May 2021, days in UTC. SAMPLE: not live market data")


def test_chart_as_svg_is_the_same_each_time_and_has_each_id_once(tmp_path):
    chosen = ChartSettings(formats=("png", "svg"))
    for name in ("one", "other"):
        draw_candles(*CHARTS["all bad"], tmp_path / f"{name}.png", chosen)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    ids = [each.get("id") for each in ElementTree.parse(tmp_path / "one.svg").iter() if each.get("id")]
    assert len(ids) == len(set(ids))


def test_chart_file_depends_on_its_input_alone(tmp_path):
    draw_candles(week(), FACTS, tmp_path / "one.png")
    with rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 50, "text.parse_math": True}):
        draw_candles(week(), FACTS, tmp_path / "other.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_chart_that_cannot_be_drawn_leaves_the_old_file(tmp_path):
    path = tmp_path / "chart.png"
    path.write_bytes(b"yesterday's chart")
    with pytest.raises(ValueError, match="no candles"):
        draw_candles([], FACTS, path)
    assert path.read_bytes() == b"yesterday's chart"
    assert list(tmp_path.iterdir()) == [path]


def test_chart_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "chart.png"
    path.write_bytes(b"yesterday's chart")
    code = (
        "import resource, sys; from pathlib import Path; from tests.visualize.chart import test_coin_chart as test;"
        "test.build_figure(test.week(), test.FACTS);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000));"  # as a disk that fills up
        "test.draw_candles(test.week(), test.FACTS, Path(sys.argv[1]))"
    )
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_python(code, str(path))
    assert "OSError" in failure.value.stderr
    assert path.read_bytes() == b"yesterday's chart"
    assert list(tmp_path.iterdir()) == [path]


# Its manners


def test_chart_leaves_pyplot_and_matplotlib_settings_alone(tmp_path):
    from matplotlib import pyplot

    before = dict(rcParams)
    draw_candles(week(), SAMPLE_FACTS, tmp_path / "chart.png")
    assert pyplot.get_fignums() == []
    assert dict(rcParams) == before


def test_chart_module_imports_nothing_heavy():
    code = "import json, sys, btc_pipeline.visualize.chart.coin_chart; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python(code)))
    assert not loaded & {"matplotlib", "mplfinance", "numpy", "pandas", "PIL"}


def run_python(code, *arguments, **environment):
    """What a child process prints; it imports the project and these tests."""
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(root)} | environment,
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    ).stdout


# Numbers as text


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (1_285_031_217.4, "1,285,031,217"),
        (1_000_000.0, "1,000,000"),
        (999_999.994, "999,999.99"),
        (49_424.276, "49,424.28"),
        (100.0, "100.00"),
        (12.3456, "12.346"),
        (1.0003, "1.0003"),
        (0.99981, "0.99981"),
        (0.000014827, "0.000014827"),
        (1e-6, "0.0000010000"),
        (1.0379e-9, "1.0379×10⁻⁹"),
        (2e15, "2.0000×10¹⁵"),
    ],
)
def test_chart_text_writes_a_single_price_in_its_own_precision(price, text):
    assert formatting.single_price_text(price) == text


@pytest.mark.parametrize(
    ("price", "step", "exponent", "text"),
    [
        (52_000.0, 2_000.0, 0, "52,000"),
        (52_500.0, 250.0, 0, "52,500"),
        (52.5, 2.5, 0, "52.5"),
        (1.0, 0.0002, 0, "1.0000"),
        (1.05e-9, 5e-11, -9, "1.05×10⁻⁹"),
        (9.5e-10, 5e-11, -9, "0.95×10⁻⁹"),
    ],
)
def test_chart_text_writes_ticks_with_the_decimals_of_their_step(price, step, exponent, text):
    assert formatting.price_text(price, step, exponent) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (0.0123, "▲ +1.23 %"),
        (-0.0123, "▼ −1.23 %"),
        (0.0, "0.00 %"),
        (-0.00001, "0.00 %"),
        (12.5, "▲ +1,250.00 %"),
        (1e9, "▲ over +9,999 %"),
    ],
)
def test_chart_text_writes_changes_with_sign_and_arrow(change, text):
    assert formatting.change_text(change) == text


@pytest.mark.parametrize(
    ("first_day", "last_day", "text"),
    [
        (date(2021, 5, 8), date(2021, 5, 15), "8 to 15 May 2021"),
        (date(2021, 4, 28), date(2021, 5, 5), "28 Apr to 5 May 2021"),
        (date(2020, 12, 28), date(2021, 1, 4), "28 Dec 2020 to 4 Jan 2021"),
        (date(2021, 5, 15), date(2021, 5, 15), "15 May 2021"),
    ],
)
def test_chart_text_writes_a_window_without_repeating(first_day, last_day, text):
    assert formatting.window_text(first_day, last_day) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-5), "0 minutes"),
        (timedelta(seconds=119), "1 minute"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(minutes=120), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=6, hours=23), "6 days"),
    ],
)
def test_chart_text_writes_an_age_in_the_largest_unit_that_it_has_twice(age, text):
    assert formatting.age_text(age) == text


def test_chart_text_joins_missing_days_and_counts_what_it_leaves_out():
    candles = [candle(day, 10, 12, 9, 11, coverage=0.5) for day in DAYS[:5]]
    assert formatting.coverage_text(candles, DAYS) == (
        "Coverage: Sat 8 May 50 %, Sun 9 May 50 %, Mon 10 May 50 %, Tue 11 May 50 % and 2 more"
    )
    assert formatting.coverage_text(candles[:1], DAYS) == ("Coverage: Sat 8 May 50 %, Sun 9 May to Sat 15 May no data")
