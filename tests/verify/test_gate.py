"""The gate: which answers it refuses and in which words, and which of CoinGecko's oddities it lets through."""

import contextlib
import copy
import json
import math
import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.lake.raw_archive import Request
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.verify import gate

SIX_HOURS = timedelta(hours=6)
NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
REQUEST = Request(
    coin_id="bitcoin",
    vs_currency="usd",
    date=NOW.date(),
    window_from=datetime(2026, 5, 8, tzinfo=timezone.utc),
    window_to=NOW,
    extracted_at=NOW,
    provenance="SAMPLE (synthetic)",
    stream=MARKET_CHART,
)
ANSWER = synthetic.market_chart("bitcoin", "usd", REQUEST.window_from, REQUEST.window_to, NOW)
STAMP = int(ANSWER["prices"][5][0] or 0)
RECORDINGS = Path(__file__).resolve().parents[3] / "shared/coingecko"


@pytest.fixture
def answer():
    """A good answer, to be made bad."""
    return copy.deepcopy(ANSWER)


def checked(answer, request=REQUEST, max_age=SIX_HOURS):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return gate.market_chart(request, body, max_age)


def refusal_of(answer, request=REQUEST):
    with pytest.raises(gate.BadAnswerError) as refused:
        checked(answer, request)
    return str(refused.value)


def milliseconds(instant):
    return int(instant.timestamp() * 1000)


# --- Good answers, with all that CoinGecko does


def test_a_good_answer_is_told_by_its_points(answer):
    *settled, live = [datetime.fromtimestamp(stamp / 1000, timezone.utc) for stamp, _ in answer["prices"]]
    assert checked(answer) == gate.Verified(len(settled) + 1, 0, "hourly", min(settled), live, max(settled))


@pytest.mark.parametrize("seed", range(8))
def test_any_market_at_any_moment_is_good(seed):
    chance = random.Random(seed)
    now = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=chance.randrange(365 * 86_400))
    start = datetime.combine(now.date() - timedelta(days=chance.randint(2, 89)), time(), timezone.utc)
    coin = chance.choice(["bitcoin", "tether", "kishu-inu"])
    request = replace(REQUEST, coin_id=coin, date=now.date(), window_from=start, window_to=now, extracted_at=now)
    chart = synthetic.market_chart(coin, "usd", start, now, now)
    assert checked(chart, request).points == len(chart["prices"])


def test_points_in_any_order_are_good_and_counted(answer):
    random.Random(1).shuffle(answer["prices"])
    assert checked(answer).out_of_order > 50


def test_a_live_point_before_the_last_settled_one_is_good(answer):
    before = answer["prices"][-2][0]
    answer["prices"][-1][0] = before - before % 1000
    assert checked(answer).out_of_order == 1


def test_doubled_hours_are_good(answer):
    doubled = [[stamp + 60_000, price * 1.01] for stamp, price in answer["prices"][5:8]]
    answer["prices"][8:8] = doubled
    assert checked(answer).points == len(answer["prices"])


def test_a_point_that_is_there_twice_is_good(answer):
    answer["prices"].insert(6, list(answer["prices"][5]))
    assert checked(answer).points == len(answer["prices"])


def test_missing_hours_are_good(answer):
    del answer["prices"][5:25]
    assert checked(answer).points == len(answer["prices"])


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize(
    "companion", [None, [], [[STAMP, None]], [[STAMP, 0]], [[STAMP, 0.0]], [[STAMP, 1e18]]], ids=str
)
def test_market_caps_and_volumes_may_be_unknown(name, companion, answer):
    answer[name] = companion
    assert checked(answer).points == len(answer["prices"])


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
def test_a_field_that_is_missing_is_named(name, answer):
    del answer[name]
    assert refusal_of(answer) == f"the field {name} is missing"


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize("retyped", ["none", {"usd": []}, 7, True], ids=str)
def test_a_field_that_is_retyped_is_named(name, retyped, answer):
    answer[name] = retyped
    assert refusal_of(answer) == f"{name} is not an array"


@pytest.mark.parametrize("price", [2.5e-30, 1.2e-10, 1, 10**18, 0.30000000000000004], ids=str)
def test_a_price_of_any_size_is_good(price, answer):
    answer["prices"][5][1] = price
    assert checked(answer).points == len(answer["prices"])


@pytest.mark.parametrize(("price", "reason"), [
    (9e-31, "row 5: no coin has a price of 9e-31"),
    (1e-299, "row 5: no coin has a price of 1e-299"),
    (1.1e18, "row 5: no coin has a price of 1.1e+18"),
    (1e308, "row 5: no coin has a price of 1e+308"),
])  # fmt: skip
def test_a_price_of_no_coin_is_refused(price, reason, answer):
    answer["prices"][5][1] = price
    assert refusal_of(answer) == reason


def test_the_gate_and_the_models_mean_the_same_by_a_jump():
    variables = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert variables["jump_factor"] == gate.IMPOSSIBLE_FACTOR


@pytest.mark.parametrize("factor", [1000, 0.001, 501, 1 / 501])
def test_a_jump_is_refused_where_it_is_checked(factor, answer):
    answer["prices"][5][1] = answer["prices"][4][1] * factor
    assert checked(answer).points == len(answer["prices"])
    with pytest.raises(gate.BadAnswerError, match=r"row 5: the price goes from .* in one step"):
        gate.market_chart(REQUEST, json.dumps(answer).encode(), jump_factor=gate.IMPOSSIBLE_FACTOR)


def test_a_stamp_written_as_a_float_is_good(answer):
    answer["prices"] = [[float(stamp), price] for stamp, price in answer["prices"]]
    assert checked(answer).points == len(answer["prices"])


def test_what_else_an_answer_holds_is_told_and_does_no_harm(answer):
    body = json.dumps(answer | {"more": [1, {"prices": "none"}]}).replace('"none"', r'"\ud800"')
    assert checked(body.encode()).points == len(answer["prices"])
    assert checked(body.encode()).new_fields == ("more",)


def test_five_minute_points_are_known_by_their_distance():
    start = NOW - timedelta(hours=20)
    chart = synthetic.market_chart("bitcoin", "usd", start, NOW, NOW)
    assert checked(chart, replace(REQUEST, window_from=start)).granularity == "5-minute"


@pytest.mark.parametrize("minute", [0, 1, 34, 35, 59])
def test_an_answer_just_after_midnight_is_good(minute):
    now = datetime(2026, 5, 15, 0, minute, tzinfo=timezone.utc)
    request = replace(REQUEST, window_to=now, extracted_at=now)
    chart = synthetic.market_chart("bitcoin", "usd", request.window_from, now, now)
    assert checked(chart, request).granularity == "hourly"


def test_a_window_of_the_past_is_as_fresh_as_its_end(answer):
    request = replace(REQUEST, extracted_at=NOW + timedelta(days=100))
    assert checked(answer, request).points == len(answer["prices"])


def test_a_point_at_the_very_start_of_the_window_is_good(answer):
    answer["prices"][0][0] = milliseconds(REQUEST.window_from)
    assert checked(answer).points == len(answer["prices"])


def test_clocks_may_differ_by_two_minutes(answer):
    answer["prices"][-1][0] = milliseconds(NOW + timedelta(minutes=2))
    assert checked(answer).newest_at == NOW + timedelta(minutes=2)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of the real API are not here")
def test_a_recorded_answer_is_good():
    now = datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
    start = datetime(2021, 4, 16, tzinfo=timezone.utc)
    recorded = json.loads((RECORDINGS / "btc_usd_30d_hourly_2021-05-15.json").read_bytes())
    chart = {name: [pair for pair in pairs if pair[0] >= milliseconds(start)] for name, pairs in recorded.items()}
    assert (
        checked(chart, replace(REQUEST, date=now.date(), window_from=start, window_to=now, extracted_at=now)).points
        > 600
    )


# --- What is no market chart


@pytest.mark.parametrize(("body", "why"), [
    (b"", "not a market chart but an empty body"),
    (b"<!DOCTYPE html><html></html>", "not a market chart but an HTML page"),
    (b"error code: 1015", "not a market chart but error code: 1015"),
    (b'{"error":"coin not found"}', "not a market chart but coin not found"),
    (b'{"status":{"error_code":10002,"error_message":"API Key Missing"}}', "code 10002: API Key Missing"),
    (b"[]", "not a market chart"),
    (b"null", "not a market chart"),
    (b"[[1778216582995, 1]]", "not a market chart"),
    (b'{"prices":null}', "not a market chart"),
    (b'{"prices":{}}', "not a market chart"),
    (b'{"prices":"[]"}', "not a market chart"),
    (b'{"prices":[],"prices":null}', "not a market chart"),
    (b"[" * 100_000, "not a market chart"),
    (b'{"prices":[[' + b"9" * 5000 + b",1]]}", "not a market chart"),
    (b'{"prices":[[1778216582995,1]', "not a market chart"),
    (b"\xff\xfe\x00", "not a market chart"),
], ids=lambda value: ascii(value[:24]) if isinstance(value, bytes) else "")  # fmt: skip
def test_a_body_that_is_no_market_chart_is_refused_in_its_own_words(body, why):
    assert why in refusal_of(body)


def test_an_answer_without_points_is_refused(answer):
    assert refusal_of(answer | {"prices": []}) == "prices is empty"


# --- What is wrong with one row


@pytest.mark.parametrize(("pair", "why"), [
    (None, "expected [time, price], got None"),
    ([], "expected [time, price], got []"),
    ([STAMP], f"expected [time, price], got [{STAMP}]"),
    ([STAMP, 1, 2], f"expected [time, price], got [{STAMP}, 1, 2]"),
    ({"time": STAMP}, "expected [time, price], got"),
    (f"{STAMP},1", "expected [time, price], got"),
    (["x" * 5000, 1], "is not a whole number of milliseconds"),
    ([None, 1], "time None is not a whole number of milliseconds"),
    ([str(STAMP), 1], f"time '{STAMP}' is not a whole number of milliseconds"),
    ([True, 1], "time True is not a whole number of milliseconds"),
    ([STAMP + 0.5, 1], "is not a whole number of milliseconds"),
    ([float("nan"), 1], "time nan is not a whole number of milliseconds"),
    ([float("inf"), 1], "time inf is not a whole number of milliseconds"),
    ([STAMP // 1000, 1], f"time {STAMP // 1000} is not in milliseconds"),
    ([0, 1], "time 0 is not in milliseconds"),
    ([-STAMP, 1], "is not in milliseconds"),
    ([STAMP * 1000, 1], "not in milliseconds"),
    ([1e300, 1], "not in milliseconds"),
    ([10**400, 1], "row 5"),
    ([STAMP, None], "price None is not a finite number"),
    ([STAMP, True], "price True is not a finite number"),
    ([STAMP, "49972.8"], "price '49972.8' is not a finite number"),
    ([STAMP, [1]], "price [1] is not a finite number"),
    ([STAMP, float("nan")], "price nan is not a finite number"),
    ([STAMP, float("inf")], "price inf is not a finite number"),
    ([STAMP, float("-inf")], "price -inf is not a finite number"),
    ([STAMP, 10**400], "is not a finite number"),
    ([STAMP, 0], "price 0 is not positive"),
    ([STAMP, -0.0], "price -0.0 is not positive"),
    ([STAMP, -1.5], "price -1.5 is not positive"),
    ([STAMP - 8 * 86_400_000, 1], "is outside the window 2026-05-08T00:00:00Z to 2026-05-15T13:30:00Z"),
    ([milliseconds(REQUEST.window_from) - 1, 1], "2026-05-07T23:59:59Z is outside the window"),
    ([milliseconds(NOW) + 121_000, 1], "2026-05-15T13:32:01Z is outside the window"),
], ids=lambda value: ascii(value)[:40])  # fmt: skip
def test_a_bad_point_is_refused_by_its_row(pair, why, answer):
    answer["prices"][5] = pair
    reason = refusal_of(answer)
    assert reason.startswith("row 5: ")
    assert why in reason
    assert len(reason) < 400


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize("pair", [
    None, [], [STAMP], [STAMP, 1, 2], {}, [None, 1], [str(STAMP), 1], [True, 1], [STAMP, "1"], [STAMP, True],
    [STAMP, []], [STAMP, float("nan")], [STAMP, float("inf")], [float("nan"), 1], [float("inf"), 1], [1e300, 1],
    [STAMP, 10**400], [10**400, 1], [STAMP, -1],
], ids=lambda pair: ascii(pair)[:40])  # fmt: skip
def test_a_bad_market_cap_or_volume_is_refused_by_its_row(name, pair, answer):
    answer[name][5] = pair
    reason = refusal_of(answer)
    assert reason.startswith(f"{name}, row 5: ")
    assert len(reason) < 200


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize("companion", [{}, "[]", 1, True], ids=str)
def test_market_caps_and_volumes_that_are_no_array_are_refused(name, companion, answer):
    assert refusal_of(answer | {name: companion}) == f"{name} is not an array"


def test_of_several_bad_points_the_first_is_named(answer):
    answer["prices"][9] = answer["prices"][7] = [STAMP, -1]
    assert refusal_of(answer).startswith("row 7: ")


def test_two_prices_at_one_instant_are_refused_by_both_rows(answer):
    answer["prices"].insert(9, [STAMP, 1.25])
    assert refusal_of(answer) == f"rows 5 and 9: two prices at {STAMP}: {answer['prices'][5][1]!r} and 1.25"


# --- What is wrong with the whole


def test_a_single_point_is_refused(answer):
    assert "a single point" in refusal_of(answer | {"prices": answer["prices"][-1:]})


def test_half_of_the_points_are_enough_and_less_are_not(answer):
    few = answer["prices"][-1:] + answer["prices"][:92]
    assert checked(answer | {"prices": few}).points == 93
    assert "too few points" in refusal_of(answer | {"prices": few[:90]})


def test_one_hour_s_points_do_not_make_up_for_the_others(answer):
    first = answer["prices"][0][0]
    answer["prices"] = [[first + 1_000 * number, 1.0] for number in range(500)] + answer["prices"][-2:]
    assert refusal_of(answer).startswith("too few points: ")


def test_daily_points_are_refused():
    start = NOW - timedelta(days=120)
    chart = synthetic.market_chart("bitcoin", "usd", start, NOW, NOW)
    assert "daily points are too coarse for candles" in refusal_of(chart, replace(REQUEST, window_from=start))


def test_a_stale_answer_is_refused_by_its_newest_row(answer):
    answer["prices"] = [pair for pair in answer["prices"] if pair[0] < milliseconds(NOW - timedelta(hours=7))]
    row = len(answer["prices"]) - 1
    assert refusal_of(answer).startswith(f"row {row}: the newest point, 2026-05-15T0")


def test_an_answer_is_stale_one_second_after_its_age(answer):
    answer["prices"][-4:] = [[milliseconds(NOW - SIX_HOURS), 1.0]]
    answer["prices"] = [pair for pair in answer["prices"] if pair[0] <= milliseconds(NOW - SIX_HOURS)]
    assert checked(answer).newest_at == NOW - SIX_HOURS
    answer["prices"][-1][0] -= 1_000
    answer["prices"] = [pair for pair in answer["prices"] if pair[0] <= milliseconds(NOW - SIX_HOURS) - 1_000]
    assert "is stale" in refusal_of(answer)


def test_an_answer_of_another_week_is_refused(answer):
    request = replace(REQUEST, date=date(2026, 5, 1), window_from=REQUEST.window_from - timedelta(days=14),
                      window_to=NOW - timedelta(days=14), extracted_at=NOW)  # fmt: skip
    assert "is outside the window" in refusal_of(answer, request)


# --- Whatever comes


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_answer_is_verified_or_refused_and_nothing_else_happens(seed):
    chance = random.Random(seed)
    body = bytearray(json.dumps({name: pairs[-40:] for name, pairs in ANSWER.items()}).encode())
    for _ in range(chance.randint(1, 6)):
        where, how = chance.randrange(len(body)), chance.random()
        if how < 0.4:
            body[where] = chance.randrange(256)
        elif how < 0.7:
            body[where:where] = chance.choice([b"9" * 400, b"-", b"e308", b"null", b"NaN", b"[" * 50, b"\xed\xa0\x80"])
        else:
            del body[where : where + chance.randint(1, 60)]
    with contextlib.suppress(gate.BadAnswerError):
        checked(bytes(body))


# --- CoinGecko's own candles


OHLC = synthetic.ohlc("bitcoin", "usd", 7, NOW)


def test_candles_of_four_hours_up_to_the_one_that_is_open_are_good():
    assert gate.ohlc(REQUEST, json.dumps(OHLC).encode()) == len(OHLC) == 42


def test_no_candles_at_all_are_an_answer():
    assert gate.ohlc(REQUEST, b"[]") == 0


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of the real API are not here")
def test_recorded_candles_are_good():
    recorded_at = replace(REQUEST, extracted_at=datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc))
    assert gate.ohlc(recorded_at, (RECORDINGS / "btc_usd_7d_ohlc_2021.json").read_bytes()) == 42


@pytest.mark.parametrize(("body", "words"), [
    (b'{"error": "coin not found"}', "not candles but coin not found"),
    (b"<html>", "not candles but an HTML page, not JSON"),
    (b'[{"close": 1}]', "not candles but"),
    (b"[1, 2]", "not candles but"),
], ids=["error", "html", "objects", "numbers"])  # fmt: skip
def test_what_is_no_list_of_candles_is_refused(body, words):
    with pytest.raises(gate.BadAnswerError, match=words):
        gate.ohlc(REQUEST, body)


CLOSE = OHLC[3][0]


@pytest.mark.parametrize(("candle", "words"), [
    ([CLOSE, 1, 2, 0.5], "expected \\[time, open, high, low, close\\], got"),
    ([CLOSE, 1, 2, None, 1], "price None is not a finite number"),
    ([CLOSE, 1, 2, 0, 1], "price 0 is not positive"),
    ([CLOSE, 1, 2, -1, 1], "price -1 is not positive"),
    ([CLOSE, 1, 0.9, 0.5, 0.8], "low and high of .* do not enclose its prices"),
    ([CLOSE, 1, 2, 1.5, 1.7], "low and high of .* do not enclose its prices"),
    ([CLOSE / 1000, 1, 2, 0.5, 1], "is not a whole number of milliseconds|is not in milliseconds"),
    ([CLOSE + 3_600_000, 1, 2, 0.5, 1], "is not the close of a four-hour candle up to now"),
    ([CLOSE + 7 * 86_400_000, 1, 2, 0.5, 1], "is not the close of a four-hour candle up to now"),
    ([CLOSE, 1, 2, 0.5, 1], "two candles at"),
    (["x", 1, 2, 0.5, 1], "time 'x' is not a whole number of milliseconds"),
], ids=["4", "null", "zero", "negative", "high", "low", "seconds", "odd hour", "future", "twice", "text"])  # fmt: skip
def test_a_bad_candle_is_refused_by_its_row(candle, words):
    with pytest.raises(gate.BadAnswerError, match=f"^row 4: .*({words})"):
        gate.ohlc(REQUEST, json.dumps([*OHLC[:4], candle, *OHLC[5:]]).encode())


# --- A market


def frozen(answer, hours):
    """The answer with one price for so many hours."""
    first, price = answer["prices"][40]
    for point in answer["prices"][40:]:
        if point[0] <= first + hours * 3_600_000:
            point[1] = price
    return answer


def body_of(answer):
    return json.dumps(answer).encode()


def test_a_price_that_stands_still_is_refused_where_a_run_asks_for_it(answer):
    with pytest.raises(gate.BadAnswerError, match=r"row 40 on: the very same price, .* for 1[2-4]\.\d hours"):
        gate.market_chart(REQUEST, body_of(frozen(answer, 14)), repeat_hours=12)


@pytest.mark.parametrize(("hours", "limit"), [(10, 12), (14, 16), (14, math.inf)])
def test_a_price_that_stands_still_for_a_shorter_time_is_good(hours, limit, answer):
    assert gate.market_chart(REQUEST, body_of(frozen(answer, hours)), repeat_hours=limit).points


@pytest.mark.parametrize("waived", [["no_price_is_repeated_for_hours"], [""]])
def test_a_check_that_is_waived_does_not_count_and_others_do(waived, answer):
    body = body_of(frozen(answer, 14))
    assert gate.market_chart(REQUEST, body, repeat_hours=12, waived=waived).points
    with pytest.raises(gate.BadAnswerError, match="the very same price"):
        gate.market_chart(REQUEST, body, repeat_hours=12, waived=["there_are_enough_points"])
    with pytest.raises(gate.BadAnswerError, match="prices is empty"):
        gate.market_chart(REQUEST, body_of(answer | {"prices": []}), waived=waived)


def test_a_coin_that_is_younger_than_the_window_is_good(answer):
    answer["prices"] = answer["prices"][-30:]
    assert checked(answer).points == 30


def test_an_answer_without_points_is_empty_and_other_answers_are_not(answer):
    empty: dict[str, list[object]] = {"prices": [], "market_caps": [], "total_volumes": []}
    bodies = [body_of(empty), body_of(answer), b"<html>", b'{"prices": null}', b"[]"]
    assert [gate.is_empty(body) for body in bodies] == [True, False, False, False, False]
