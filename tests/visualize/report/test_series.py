"""The packed candles: small, the same for the same candles, and what the page shows of them is what is published."""

import base64
import gzip
import json
from datetime import timedelta

import pytest

from btc_pipeline.visualize.report import series
from tests.visualize.report.published import DAY, candle, week


def unpacked(one):
    return json.loads(gzip.decompress(base64.b64decode(one.packed())))


@pytest.fixture
def only(read):
    def of(**published):
        (one,) = series.of(read(**published))
        return one

    return of


def test_days_are_counted_from_the_first_and_a_missing_one_is_left_out(only):
    assert unpacked(only(candles=[*week()[:3], *week()[5:]]))["day"] == [0, 1, 2, 5, 6, 7]


def test_prices_keep_ten_digits_and_volumes_six(only):
    columns = unpacked(only(candles=[candle(close=12_345.678901234, volume_24h=123_456_789.0)]))
    assert (columns["close"], columns["volume"]) == ([12_345.6789], [123_457_000])


def test_an_unknown_volume_stays_unknown(only):
    assert unpacked(only(candles=[candle(volume_24h=None)]))["volume"] == [None]


def test_what_is_no_number_is_unknown(only):
    assert unpacked(only(candles=[candle(volume_24h=float("nan"))]))["volume"] == [None]


def test_days_after_the_run_s_are_left_out(only):
    assert unpacked(only(candles=[*week(), candle(DAY + timedelta(days=1))]))["day"] == [*range(8)]


def test_coverage_is_rounded_down(only):
    assert unpacked(only(candles=[candle(coverage=0.9999)]))["coverage"] == [999]


def test_the_second_opinion_of_a_day_comes_with_it(only):
    day = DAY - timedelta(days=1)
    opinion = {"coin_id": "bitcoin", "vs_currency": "usd", "date": day, "ohlc_candles": 6, "verdict": "agrees"}
    columns = unpacked(only(tables={"second_opinions": [opinion | {"largest_bps": 0.12345}]}))
    assert columns["opinion"] == [None] * 6 + [0.123, None]


def test_of_more_than_five_years_the_newest_are_packed(only):
    one = only(candles=[candle(DAY - timedelta(days=back), 1_000 + back) for back in range(1_830, -1, -1)])
    days, closes = unpacked(one)["day"], unpacked(one)["close"]
    assert (days, closes[0], closes[-1]) == ([*range(1_826)], 2_825, 1_000)
    assert (one.history.older, one.history.high, one.about()["first"]) == (5, 2_825 * 1.01, "2021-05-16")


def test_a_price_is_packed_whatever_its_size(only):
    prices = [1e-12, 123.0, 98_765.432101234, 1.5e16]
    closes = [candle(DAY - timedelta(days=back), price) for back, price in enumerate(prices)]
    assert unpacked(only(candles=closes))["close"] == [1.5e16, 98_765.4321, 123, 1e-12]


def test_the_same_candles_are_packed_the_same(only):
    one = only()
    assert one.packed() == one.packed()


@pytest.mark.parametrize(
    ("close", "exponent", "decimals", "text"),
    [
        (68_000.125, 0, 2, "68,000.12"),
        (1.5e-9, -9, 4, "1.5000×10⁻⁹"),
        (1e6, 0, 0, "1,000,000"),
        (0.000123, 0, 8, "0.00012300"),
    ],
)
def test_prices_are_written_in_the_precision_of_the_series(only, close, exponent, decimals, text):
    one = only(candles=[candle(close=close)])
    assert (one.exponent, one.decimals, one.price(close)) == (exponent, decimals, text)


def test_pairs_come_as_they_were_asked_for(read):
    other = [candle(row["date"], coin_id="aave") for row in week()]
    known = read(candles=[*other, *week()], asked=["bitcoin", "aave", "nosuchcoin"])
    assert [one.coin_id for one in series.of(known)] == ["bitcoin", "aave"]


def test_each_pair_is_a_series_of_its_own(read):
    other = [candle(row["date"], coin_id="bitcoin", vs_currency="eur") for row in week()]
    assert [one.name for one in series.of(read(candles=[*other, *week()]))] == ["Bitcoin / EUR", "Bitcoin / USD"]
