"""Candles drawn with letters: what fits, where a price lies, textures, gaps, and prices of any size."""

from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.market.candle import Candle
from btc_pipeline.terminal import candle_chart, stdout

FIRST = date(2026, 11, 1)


def candle(number, prices=(100.0, 110.0, 90.0, 105.0), status="final"):
    day = FIRST + timedelta(days=number)
    last_at = datetime(day.year, day.month, day.day, 23, tzinfo=timezone.utc)
    opened, high, low, close = prices
    return Candle("bitcoin", "usd", day, opened, high, low, close, 1e9, status, 1.0, 24, last_at)


def drawn(candles, days=None, width=80, *, is_unicode=True):
    days = [FIRST + timedelta(days=number) for number in range(days or len(candles))]
    return stdout.plain(candle_chart.drawn(candles, days, width, is_unicode=is_unicode)).splitlines()


def picture(lines):
    """The rows of the picture, without axis, marks, days and legend."""
    return [line.partition("┤" if "┤" in line else "│")[2] for line in lines[: candle_chart.ROWS]]


WEEK = [candle(number, (100.0 + number, 112.0 + number, 95.0 + number, 104.0 + number)) for number in range(8)]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("number", [1, 8, 30, 90])
def test_a_picture_is_as_wide_as_the_terminal_at_most(number, width):
    candles = [candle(each, (100.0 + each, 112.0 + each, 95.0 + each, 104.0 + each)) for each in range(number)]
    assert max(map(len, drawn(candles, width=width))) <= width


def test_of_a_long_history_the_newest_days_are_kept():
    candles = [candle(number) for number in range(89)]
    labels = drawn(candles, width=60)[candle_chart.ROWS + 1]
    assert labels.split()[-2:] == ["28", "Jan"]


def test_a_missing_day_leaves_its_place_empty():
    whole, holed = picture(drawn(WEEK)), picture(drawn([*WEEK[:3], *WEEK[4:]], days=8))
    slot = 9
    rest = [row.ljust(80)[: 3 * slot] + row.ljust(80)[4 * slot :] for row in whole]
    assert [row.ljust(80)[3 * slot : 4 * slot].strip() for row in holed] == [""] * candle_chart.ROWS
    assert [row.ljust(80)[: 3 * slot] + row.ljust(80)[4 * slot :] for row in holed] == rest


@pytest.mark.parametrize(("status", "texture"), [("final", "█"), ("provisional", "▒"), ("open", "░")])
def test_each_status_has_a_texture_of_its_own(status, texture):
    letters = set("".join(picture(drawn([candle(0, status=status)]))))
    assert letters & set("█▒░") == {texture}


@pytest.mark.parametrize(("close", "mark"), [(105.0, "▲"), (95.0, "▼"), (100.0, "=")])
def test_rise_and_fall_have_a_mark_besides_their_colours(close, mark):
    assert drawn([candle(0, (100.0, 110.0, 90.0, close))])[candle_chart.ROWS].strip() == mark


def test_rise_and_fall_have_a_style_each():
    rows = candle_chart.drawn([candle(0), candle(1, (100.0, 110.0, 90.0, 95.0))], [FIRST], 80, is_unicode=True)
    assert {style for line in rows[: candle_chart.ROWS] for _, style in line} == {"muted", "up"}


def test_a_wick_goes_from_the_high_to_the_low():
    rows = picture(drawn([candle(0, (100.0, 110.0, 90.0, 101.0))]))
    assert (rows[0].strip() in {"│", "╷"}, rows[-1].strip() in {"│", "╵"}) == (True, True)


def test_the_body_lies_where_its_prices_are_on_the_axis():
    lines = drawn([candle(0, (0.0001, 100.0, 0.0001, 100.0))])
    assert all("█" in line or "▀" in line or "▄" in line for line in lines[: candle_chart.ROWS])


@pytest.mark.parametrize("price", [1e-9, 3.3e-7, 0.12, 1.0, 83_000.0, 1e6, 1.234e12])
def test_prices_that_never_move_lie_in_the_middle(price):
    rows = picture(drawn([candle(number, (price,) * 4) for number in range(3)]))
    assert {number for number, row in enumerate(rows) if row.strip()} <= {5, 6}


@pytest.mark.parametrize("price", [1e-9, 3.3e-7, 0.12, 1.0, 83_000.0, 1e6])
def test_the_axis_tells_prices_of_any_size_apart(price):
    lines = drawn([candle(0, (price, price * 1.1, price * 0.9, price))])[: candle_chart.ROWS]
    labels = [line.partition("┤")[0].strip() for line in lines if "┤" in line]
    assert len(labels) >= 2
    assert len(set(labels)) == len(labels)


def test_without_unicode_there_is_ascii_alone():
    assert "\n".join(drawn(WEEK, is_unicode=False)).isascii()


def test_a_window_without_a_candle_where_there_is_room_says_so():
    assert drawn([candle(0)], days=80, width=40) == ["no candle on the days that fit here"]


# --- Sparklines


def test_a_sparkline_goes_from_the_least_to_the_greatest():
    assert candle_chart.sparkline([1.0, 8.0, 4.5], is_unicode=True)[:2] == "▁█"


def test_a_sparkline_leaves_a_missing_day_blank():
    assert candle_chart.sparkline([1.0, None, 2.0], is_unicode=True)[1] == " "


@pytest.mark.parametrize("closes", [[], [None], [5.0], [5.0, 5.0]])
def test_a_sparkline_can_be_of_anything(closes):
    assert len(candle_chart.sparkline(closes, is_unicode=False)) == len(closes)
