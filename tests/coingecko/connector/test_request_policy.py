"""What becomes of an answer: accepted and archived, asked for again, or given up; and when it is no use to ask on."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.connector.rate_limit import SpentBudgetError
from btc_pipeline.coingecko.connector.request_policy import NotSentError, Sync
from btc_pipeline.lake import raw_archive

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
ROOT = "https://api.coingecko.com/api/v3"
FIRST, LAST = datetime(2026, 5, 8, tzinfo=timezone.utc), NOW
CHART = json.dumps({"prices": [[1778851800123, 0.1]], "market_caps": [], "total_volumes": []}).encode()
EMPTY = b'{"prices": [], "market_caps": [], "total_volumes": []}'


def asked(coin, stream=streams.MARKET_CHART, **changes):
    return replace(raw_archive.Request(coin, "usd", NOW.date(), FIRST, LAST, NOW, "CoinGecko", stream), **changes)


def chart_url(coin, currency="usd", first=FIRST):
    query = f"vs_currency={currency}&from={int(first.timestamp())}&to={int(LAST.timestamp())}"
    return f"{ROOT}/coins/{coin}/market_chart/range?{query}"


def fine_url(coin):
    return f"{ROOT}/coins/{coin}/market_chart?vs_currency=usd&days=1"


def ohlc_url(coin):
    return f"{ROOT}/coins/{coin}/ohlc?vs_currency=usd&days=14"


class Purse:
    """A budget that keeps what it was asked for, and ends after so many calls."""

    def __init__(self, calls=1000):
        self.left, self.paths, self.pauses = calls, [], []

    def take(self, path):
        if not self.left:
            raise SpentBudgetError("the 3 calls of 2026-05 are spent")
        self.left -= 1
        self.paths.append(path)

    def pause(self, seconds):
        self.pauses.append(seconds)


@pytest.fixture
def events():
    """What a sync tells."""
    return []


@pytest.fixture
def sync(tmp_path, events):
    """A function that makes a sync of three coins."""

    def make(**changes):
        coins = ("bitcoin", "ethereum", "solana")
        requests = {
            stream: {str(number): asked(coin, stream) for number, coin in enumerate(coins)}
            for stream in streams.STREAMS
        }
        told = {
            "requests": requests,
            "raw": tmp_path,
            "budget": None,
            "max_retries": 2,
            "max_wait_seconds": 180.0,
            "now": NOW,
            "takes_empty": False,
            "tell": events.append,
            "jitter": lambda: 0.0,
        }
        return Sync(**(told | changes))

    return make


def kept(tmp_path, stream=streams.MARKET_CHART):
    return [entry.request for entry in raw_archive.entries(tmp_path, stream)[0]]


# --- What is asked


@pytest.mark.parametrize(
    ("url", "ask"),
    [
        (chart_url("bitcoin"), ("market_chart", "0")),
        (chart_url("solana"), ("market_chart", "2")),
        (fine_url("ethereum"), ("market_chart_5m", "1")),
        (ohlc_url("ethereum"), ("ohlc", "1")),
        (f"{ROOT}/coins/list", ("coins_list", "0")),
        (f"{ROOT}/simple/supported_vs_currencies", ("supported_vs_currencies", "0")),
    ],
)
def test_a_url_says_what_it_asks_for(url, ask, sync):
    assert sync().id_of(url) == ask


def test_two_chunks_of_a_coin_are_told_apart(sync):
    later = datetime(2026, 5, 10, tzinfo=timezone.utc)
    chunks = {"0": asked("bitcoin"), "1": asked("bitcoin", window_from=later)}
    both = sync(requests={streams.MARKET_CHART: chunks})
    assert both.id_of(chart_url("bitcoin", first=later)).number == "1"


# --- An answer


def test_a_good_answer_is_in_the_archive_at_once(sync, tmp_path):
    assert sync().judge(chart_url("bitcoin"), 200, CHART, None).kind == "accepted"
    assert kept(tmp_path) == [asked("bitcoin")]


def test_a_good_answer_is_told_with_its_file(sync, events, tmp_path):
    sync().judge(chart_url("ethereum"), 200, CHART, None)
    (event,) = events
    assert (event["stream"], event["number"], (tmp_path / event["file"]).is_file()) == ("market_chart", "1", True)


def test_without_a_fixed_now_an_answer_is_of_when_it_came(sync, tmp_path):
    before = datetime.now(timezone.utc)
    sync(now=None).judge(chart_url("bitcoin"), 200, CHART, None)
    (request,) = kept(tmp_path)
    assert before <= request.extracted_at <= datetime.now(timezone.utc)
    assert (request.window_from, request.window_to) == (FIRST, LAST)


def test_a_window_up_to_now_moves_along_with_its_answer(sync, tmp_path):
    later = NOW + timedelta(minutes=20)
    sync(now=later).judge(fine_url("bitcoin"), 200, CHART, None)
    (request,) = kept(tmp_path, streams.CHART_5M)
    assert (request.window_to, request.window_to - request.window_from) == (later, LAST - FIRST)


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (chart_url("bitcoin"), EMPTY),
        (chart_url("bitcoin"), b'{"prices": null}'),
        (chart_url("bitcoin"), b"[]"),
        (chart_url("bitcoin"), b"<!DOCTYPE html>"),
        (chart_url("bitcoin"), b'{"status": {"error_code": 10005}}'),
        (ohlc_url("bitcoin"), CHART),
        (fine_url("bitcoin"), b'[[1, 2, 3, 4, 5]]'),
        (f"{ROOT}/coins/list", b"{}"),
    ],
)  # fmt: skip
def test_a_200_that_is_not_what_was_asked_for_is_given_up_at_once_and_not_kept(url, body, sync, tmp_path):
    assert sync().judge(url, 200, body, None).kind == "given_up"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_chart_is_an_answer_where_a_coin_may_not_have_been_listed(sync, tmp_path):
    assert sync(takes_empty=True).judge(chart_url("bitcoin"), 200, EMPTY, None).kind == "accepted"
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 414, 422, 451])
def test_what_will_not_change_is_given_up_at_once(status, sync):
    verdict = sync().judge(chart_url("bitcoin"), status, b'{"error": "no"}', None)
    assert (verdict.kind, verdict.reason) == ("given_up", f"HTTP {status}, no")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520, 304])
def test_what_may_change_is_asked_for_again_so_often_and_no_more(status, sync):
    one = sync()
    kinds = [one.judge(chart_url("bitcoin"), status, b"", None).kind for _ in range(3)]
    assert kinds == ["again", "again", "given_up"]


def test_the_time_between_tries_doubles_and_jitters(sync):
    waits = [
        [one.without_answer(chart_url("bitcoin"), "ReadTimeout").wait_seconds for _ in range(8)]
        for one in (sync(max_retries=8), sync(max_retries=8, jitter=lambda: 1.0))
    ]
    assert waits[0] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert waits[1] == [0.75, 1.5, 3, 6, 12, 24, 45, 45]


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [("3", 3.0), ("119", 119.0), ("180", 180.0), ("-5", 0.5), ("0", 0.5), ("soon", 0.5), (None, 0.5)],
)
def test_retry_after_is_obeyed(retry_after, wait, sync):
    verdict = sync().judge(chart_url("bitcoin"), 429, b"error code: 1015", retry_after)
    assert (verdict.kind, verdict.wait_seconds) == ("again", wait)


def test_a_retry_after_holds_up_all_that_is_asked(sync):
    purse = Purse()
    sync(budget=purse).judge(chart_url("bitcoin"), 429, b"", "119")
    assert purse.pauses == [119.0]


def test_a_retry_after_beyond_the_cap_ends_it(sync):
    verdict = sync().judge(chart_url("bitcoin"), 429, b"error code: 1015", "181")
    assert verdict.kind == "given_up"
    assert "it asks to wait 181 s, more than max_wait_seconds = 180" in verdict.reason


@pytest.mark.parametrize("url", [fine_url("bitcoin"), ohlc_url("bitcoin"), f"{ROOT}/coins/list"])
def test_what_a_run_can_do_without_is_asked_for_once(url, sync):
    assert sync().judge(url, 503, b"", None).kind == "given_up"


# --- When it is no use to ask on


def after(one, *refusals):
    """What is said to the next request after each coin's answers: HTTP status and body, or the name of an error."""
    for coin, refusal in zip(("bitcoin", "ethereum"), refusals, strict=False):
        while True:
            verdict = (
                one.without_answer(chart_url(coin), refusal)
                if isinstance(refusal, str)
                else one.judge(chart_url(coin), *refusal, None)
            )
            if verdict.kind != "again":
                break
    try:
        one.before_sending(chart_url("solana"))
    except NotSentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "refusals",
    [
        [(404, b'{"error": "coin not found"}')],
        [(404, b""), (404, b"")],
        [(400, b'{"error": "invalid vs_currency"}')],
        [(200, EMPTY)],
        [(503, b"")],
        [(503, b""), (404, b"")],
    ],
)
def test_what_is_wrong_with_one_coin_stops_no_other(refusals, sync):
    assert after(sync(), *refusals) == ""


@pytest.mark.parametrize(
    "refusals",
    [
        [(401, b'{"status": {"error_code": 10002, "error_message": "API Key Missing"}}')],
        [(403, b"")],
        [(429, b"error code: 1015")],
        ["ReadTimeout"],
        [(503, b""), (502, b"")],
    ],
)
def test_what_is_wrong_with_the_api_stops_all(refusals, sync):
    assert "not requested, after a request without an answer" in after(sync(), *refusals)


def test_a_good_answer_in_between_starts_the_count_of_server_errors_anew(sync):
    one = sync(max_retries=0)
    one.judge(chart_url("bitcoin"), 503, b"", None)
    one.judge(chart_url("ethereum"), 200, CHART, None)
    one.judge(chart_url("bitcoin"), 503, b"", None)
    one.before_sending(chart_url("solana"))


def test_a_second_opinion_that_is_not_to_be_had_stops_no_prices(sync):
    one = sync()
    one.judge(ohlc_url("bitcoin"), 429, b"", None)
    one.before_sending(chart_url("solana"))
    with pytest.raises(NotSentError, match="after a request without an answer"):
        one.before_sending(ohlc_url("solana"))


def test_of_a_coin_without_prices_nothing_else_is_asked(sync):
    one = sync()
    one.judge(chart_url("bitcoin"), 404, b"", None)
    one.before_sending(fine_url("ethereum"))
    for url in (fine_url("bitcoin"), ohlc_url("bitcoin")):
        with pytest.raises(NotSentError, match="because there are no prices"):
            one.before_sending(url)


def test_a_call_is_counted_by_its_path(sync):
    purse = Purse()
    sync(budget=purse).before_sending(chart_url("bitcoin"))
    assert purse.paths == ["/api/v3/coins/bitcoin/market_chart/range"]


def test_when_the_month_is_spent_nothing_more_is_asked(sync):
    one = sync(budget=Purse(calls=1))
    one.before_sending(chart_url("bitcoin"))
    for url in (chart_url("ethereum"), ohlc_url("bitcoin")):
        with pytest.raises(NotSentError, match="the 3 calls of 2026-05 are spent"):
            one.before_sending(url)


def test_what_was_refused_is_told(sync, events):
    sync().judge(chart_url("bitcoin"), 404, b'{"error": "coin not found"}', None)
    assert events == [{"stream": "market_chart", "number": "0", "failed": "HTTP 404, coin not found"}]
