"""CoinGecko's own candles beside ours: they agree, an error of the windows shows, and their absence costs nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.commands import why
from btc_pipeline.extract import requests
from btc_pipeline.settings.workspace import Workspace
from tests.e2e import published
from tests.e2e.live_api import INSTANT, Api, live, truly
from tests.publish.test_swap import SETTINGS
from tests.support.faulty_server import FaultAnswer
from tests.support.patience import FOR_EVER
from tests.support.swept import swept

pytestmark = pytest.mark.long

SHORT = ("--coingecko-timeout-seconds", "1")
DAYS = [f"2026-05-{day:02d}" for day in range(8, 15)]


def candles(coin, change):
    """The true candles, changed one by one."""
    return json.dumps([change(candle) for candle in synthetic.ohlc(coin, "usd", 14, INSTANT)]).encode()


def a_little_dearer(candle):
    return [candle[0], *(price * 1.004 for price in candle[1:])]


def always(**fault):
    return lambda path: FaultAnswer(**fault)


# --- What says nothing about other coins: coins of one run


@dataclass(frozen=True, eq=False)
class Opinion:
    """What `/ohlc` answers for a coin, the verdict on its seven days that are over, and a word of its warning."""

    name: str
    coin: str
    answer: FaultAnswer | None
    verdict: str
    warning: str = ""

    def __str__(self):
        return self.name


TRUE = Opinion("the true answer", "bitcoin", None, "agrees")
DEARER = Opinion("a little dearer", "ethereum", FaultAnswer(body=candles("ethereum", a_little_dearer)), "differs")
MISSING = Opinion(
    "not found", "solana", FaultAnswer(status=404, body=b'{"error": "coin not found"}'), "none",
    "HTTP 404, coin not found",
)  # fmt: skip
OPINIONS = [TRUE, DEARER, MISSING]
each_opinion = pytest.mark.parametrize("case", OPINIONS, ids=str)


def coin_of(path):
    return path.partition("/coins/")[2].partition("/")[0]


@pytest.fixture(scope="module", autouse=True)
def published_at_work(run_ahead, tmp_path_factory):
    """A run to the published tables for all of these coins, with a limit that the dearer one is beyond."""

    def run(cases):
        of_coin = {case.coin: case.answer for case in cases}
        coins = ("--pipeline-coins", ",".join(of_coin), "--pipeline-second-opinion-limit-bps", "39")
        with Api(truly, lambda path: of_coin[coin_of(path)]) as api:
            pipeline = live(tmp_path_factory.mktemp("opinion") / "data", api, *coins)
            return pipeline, pipeline.run("Publish"), api.opinions_asked

    return run_ahead(run, OPINIONS, at_once=True)


@pytest.fixture
def judged(published_at_work):
    """The pipeline, what came of its run, and the paths of the opinions that were asked for."""
    return published_at_work[TRUE].result()


def opinions(pipeline, coin):
    query = f"select * from main.second_opinions where coin_id = '{coin}'"
    return published.rows(pipeline.data_dir / "live/crypto_data.duckdb", query)


def values(pipeline_world, coin):
    """The published values of a coin, but for what says where they are from."""
    rows = published.values_as_text(pipeline_world / "crypto_data.duckdb")
    return [row for row in rows if row["coin_id"] == coin]


def warnings(result):
    return [line for line in result.stderr.splitlines() if "second opinion" in line or "skipped" in line]


def test_one_coin_without_an_opinion_costs_no_other_s(judged):
    _, result, _ = judged
    assert result.exit_code == 0, result.stderr
    assert "answers=3 five_minute=3 second_opinions=2 " in result.stderr
    assert "second opinion on solana: HTTP 404" in result.stderr


def test_only_the_check_of_second_opinions_warns_of_one_that_differs(judged, run_of_coins):
    """All other checks come to what they come to with sample data, where each opinion agrees."""
    databases = judged[0].data_dir / "live/crypto_data.duckdb", run_of_coins()[0].sample / "crypto_data.duckdb"
    of_live, of_sample = (
        {tuple(row.values()) for row in published.rows(each, "from run_checks")} for each in databases
    )
    check = "singular:assert_the_second_opinion_agrees"
    assert (of_live - of_sample, of_sample - of_live) == ({(check, "warn")}, {(check, "pass")})


@each_opinion
def test_each_day_has_its_verdict(case, published_at_work):
    pipeline, *_ = published_at_work[case].result()
    found = opinions(pipeline, case.coin)
    assert [(str(row["date"]), row["verdict"]) for row in found] == [(day, case.verdict) for day in DAYS]


@each_opinion
def test_what_is_missing_is_one_line_of_warning(case, published_at_work):
    _, result, _ = published_at_work[case].result()
    told = [line for line in warnings(result) if case.coin in line]
    assert len(told) == bool(case.warning), result.stderr
    assert all(case.warning in line for line in told)
    assert len(warnings(result)) == 1


@each_opinion
def test_the_prices_are_the_same_whatever_the_second_opinion(case, published_at_work, run_of_coins):
    """As those of sample data, where each opinion agrees."""
    pipeline, *_ = published_at_work[case].result()
    of_sample, _ = run_of_coins()
    found, expected = (values(of, case.coin) for of in (pipeline.data_dir / "live", of_sample.sample))
    assert len(found) == 8
    judged = {"status": "", "doubts": ""}
    assert [row | judged for row in found] == [row | judged for row in expected]
    if case is not DEARER:
        assert found == expected


def test_a_candle_that_it_contradicts_is_doubted(judged):
    pipeline, *_ = judged
    query = f"select status, doubts from main.daily_candlestick where coin_id = '{DEARER.coin}' order by date"
    *over, today = (tuple(row.values()) for row in published.rows(pipeline.data_dir / "live/crypto_data.duckdb", query))
    assert all(status == "provisional" and "second_opinion_differs" in doubts for status, doubts in over)
    assert today == ("open", [])


def test_it_is_asked_once_for_each_coin_and_not_again(judged):
    *_, asked = judged
    assert sorted(asked) == [f"/api/v3/coins/{case.coin}/ohlc?vs_currency=usd&days=14" for case in OPINIONS]


def test_the_difference_is_there_in_basis_points(judged):
    pipeline, *_ = judged
    for row in opinions(pipeline, DEARER.coin):
        for price in ("open", "high", "low", "close", "largest"):
            assert abs(row[f"{price}_bps"]) == pytest.approx(10_000 * (1 - 1 / 1.004))


def test_why_shows_it(judged):
    pipeline, *_ = judged
    shown = why.explained(Workspace(pipeline.data_dir, "live"), "bitcoin", "usd", date(2026, 5, 14))
    assert "second opinions\n  ohlc_candles=6" in shown
    assert "largest_bps=0  verdict=agrees" in shown


def test_the_next_run_asks_for_the_days_that_were_missed(judged, tmp_path):
    pipeline, *_ = judged
    with Api(truly, now=INSTANT + timedelta(days=1)) as api:
        base_url = ("--coingecko-base-url", api.base_url, "--pipeline-coins", MISSING.coin)
        again = replace(pipeline.copy_to(tmp_path / "data"), options=(*pipeline.options, *base_url))
        result = again.run("Publish", now="2026-05-16T13:30:00Z")
    assert result.exit_code == 0, result.stderr
    assert {row["verdict"] for row in opinions(again, MISSING.coin)} == {"agrees"}


# --- What says something about all coins: a run each, to the end of the extraction


@dataclass(frozen=True, eq=False)
class Silence:
    """What `/ohlc` answers to all, and a word of the warning."""

    name: str
    answer: Callable[[str], FaultAnswer | None]
    warning: str

    def __str__(self):
        return self.name


SILENCES = [
    Silence("asked to wait", always(status=429, headers={"Retry-After": "600"}), "HTTP 429"),
    Silence("a redirect", always(status=302, headers={"Location": "http://127.0.0.1:9/"}), "redirect"),
    Silence("reset", always(is_reset=True), "no answer"),
    Silence("headers that drip", always(drip_headers=0.5), "headers take more than 20 s"),
    Silence("a drip", always(body=b" " * 1000, drip=0.5), "takes more than 20 s"),
]


@pytest.fixture(scope="module", autouse=True)
def without_opinion(run_ahead, tmp_path_factory):
    def run(case):
        with Api(truly, case.answer) as api:
            result = live(tmp_path_factory.mktemp("silent") / "data", api).run("ExtractAndLoad")
            return result, api.opinions_asked

    return run_ahead(run, SILENCES)


@pytest.mark.parametrize("case", swept(SILENCES), ids=str)
def test_without_any_opinion_a_run_succeeds_with_one_line_and_asks_once(case, without_opinion):
    result, asked = without_opinion[case].result()
    assert (result.exit_code, len(warnings(result))) == (0, 1), result.stderr
    assert case.warning in warnings(result)[0]
    assert asked == ["/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=14"]


STANDSTILLS: dict[str, dict[str, Any]] = {"no answer": {"delay": FOR_EVER}, "HTTP 429": {"status": 429}}


@pytest.mark.parametrize("words", swept(STANDSTILLS))
def test_after_one_without_an_answer_no_further_coin_is_asked_for(words, tmp_path):
    with Api(truly, always(**STANDSTILLS[words])) as api:
        coins = ("--pipeline-coins", "bitcoin,cardano,ethereum,monero,solana,tether", *SHORT)
        result = live(tmp_path / "data", api, *coins).run("ExtractAndLoad")
    assert result.exit_code == 0, result.stderr
    assert len(api.opinions_asked) <= 2, "Airbyte asks two at a time"
    assert any("second opinion on bitcoin" in line and words in line for line in result.stderr.splitlines())
    assert "monero, solana, tether: not requested, after a request without an answer" in result.stderr


def test_it_can_be_left_out(tmp_path):
    with Api(truly) as api:
        result = live(tmp_path / "data", api, "--pipeline-second-opinion", "false").run("ExtractAndLoad")
    assert (result.exit_code, api.opinions_asked) == (0, []), result.stderr
    assert "second_opinions=0 " in result.stderr


def test_a_day_too_long_ago_for_it_is_not_asked_for():
    wanted = {
        day: {asked.stream for asked in requests.of_run(SETTINGS, day, INSTANT, SETTINGS.pairs)}
        for day in (date(2026, 4, 1), date(2026, 5, 14))
    }
    assert [streams.OHLC in asked for asked in wanted.values()] == [False, True]
    assert {streams.MARKET_CHART} == wanted[date(2026, 4, 1)]
