"""CoinGecko's own candles beside ours: they agree, an error of the windows shows, and their absence costs nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.commands import why
from btc_pipeline.settings.workspace import Workspace
from tests.e2e import published
from tests.e2e.live_api import INSTANT, Api, live, truly
from tests.support.faulty_server import FaultAnswer
from tests.support.swept import swept

SHORT = ("--coingecko-timeout-seconds", "1")


def candles(change=lambda candle: candle):
    """The true candles, changed one by one."""
    return json.dumps([change(candle) for candle in synthetic.ohlc("bitcoin", "usd", 14, INSTANT)]).encode()


def a_little_dearer(candle):
    return [candle[0], *(price * 1.004 for price in candle[1:])]


@dataclass(frozen=True)
class Case:
    """What `/ohlc` answers, the verdict on the seven days that are over, and a word of the warning there must be.

    Without a verdict the run ends after the extraction.
    """

    name: str
    opinion: Callable[[str], FaultAnswer | None]
    verdict: str
    warning: str = ""
    tests_that_warn: int = 0
    options: tuple[str, ...] = ()

    def __str__(self):
        return self.name


def always(**fault):
    return lambda path: FaultAnswer(**fault)


NOT_FOUND = Case(
    "not found", always(status=404, body=b'{"error": "coin not found"}'), "none", "HTTP 404, coin not found"
)
CASES = [
    Case("the true answer", lambda path: None, "agrees"),
    Case("a little dearer, and a lower limit", always(body=candles(a_little_dearer)), "differs", tests_that_warn=1,
         options=("--pipeline-second-opinion-limit-bps", "39")),
    NOT_FOUND,
    Case("silence", always(delay=60), "", "no answer", options=SHORT),
]  # fmt: skip
MORE_CASES = [
    Case("asked to wait", always(status=429, headers={"Retry-After": "600"}), "", "HTTP 429"),
    Case("a redirect", always(status=302, headers={"Location": "http://127.0.0.1:9/"}), "", "redirect"),
    Case("reset", always(is_reset=True), "", "no answer"),
    Case("a drip", always(body=b" " * 1000, drip=0.5), "", "takes more than 20 s"),
]
each_case = pytest.mark.parametrize("case", [*CASES, *swept(MORE_CASES)], ids=str)


@pytest.fixture(scope="module", autouse=True)
def outcomes(run_ahead, tmp_path_factory):
    """A run to the published tables for each case."""

    def run(case):
        with Api(truly, case.opinion) as api:
            pipeline = live(tmp_path_factory.mktemp("opinion") / "data", api, *case.options)
            return pipeline, pipeline.run("Publish" if case.verdict else "ExtractAndLoad"), api.opinions_asked

    return run_ahead(run, [*CASES, *MORE_CASES])


def opinions(pipeline):
    query = "select * from main.second_opinions"
    return published.rows(pipeline.data_dir / "live/crypto_data.duckdb", query)


JUDGED = [case for case in CASES if case.verdict]


@each_case
def test_the_run_succeeds(case, outcomes):
    _, result, _ = outcomes[case].result()
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("case", JUDGED, ids=str)
def test_each_day_has_its_verdict(case, outcomes):
    pipeline, result, _ = outcomes[case].result()
    assert {row["verdict"] for row in opinions(pipeline)} == {case.verdict}
    assert len(opinions(pipeline)) == 7
    assert f"warnings={case.tests_that_warn} " in result.stderr


@each_case
def test_what_is_missing_is_one_line_of_warning(case, outcomes):
    _, result, _ = outcomes[case].result()
    told = [line for line in result.stderr.splitlines() if "second opinion" in line or "left out" in line]
    assert len(told) == bool(case.warning), result.stderr
    assert all(case.warning in line for line in told)


@pytest.mark.parametrize("case", JUDGED, ids=str)
def test_the_candles_are_the_same_whatever_the_second_opinion(case, outcomes):
    found, true = (
        published.candles_as_text(outcomes[each].result()[0].data_dir / "live/crypto_data.duckdb")
        for each in (case, CASES[0])
    )
    assert found == true


def test_a_live_run_makes_the_candles_that_sample_data_make_of_the_same_answers(outcomes, first_run):
    pipeline, *_ = outcomes[CASES[0]].result()
    of_live, of_sample = pipeline.data_dir / "live/crypto_data.duckdb", first_run[0].sample / "crypto_data.duckdb"
    assert published.values_as_text(of_live) == published.values_as_text(of_sample)


@each_case
def test_it_is_asked_once_and_not_again(case, outcomes):
    _, _, asked = outcomes[case].result()
    assert asked == ["/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=14"]


def test_the_difference_is_there_in_basis_points(outcomes):
    pipeline, _, _ = outcomes[CASES[1]].result()
    for row in opinions(pipeline):
        for price in ("open", "high", "low", "close", "largest"):
            assert abs(row[f"{price}_bps"]) == pytest.approx(10_000 * (1 - 1 / 1.004))


def test_why_shows_it(outcomes):
    pipeline, _, _ = outcomes[CASES[0]].result()
    shown = why.explained(Workspace(pipeline.data_dir, "live"), "bitcoin", "usd", date(2026, 5, 14))
    assert "second opinions\n  ohlc_candles=6" in shown
    assert "largest_bps=0  verdict=agrees" in shown


def test_the_next_run_asks_for_the_days_that_were_missed(outcomes, tmp_path):
    pipeline, _, _ = outcomes[NOT_FOUND].result()
    with Api(truly, now=INSTANT + timedelta(days=1)) as api:
        base_url = ("--coingecko-base-url", api.base_url)
        again = replace(pipeline.copy_to(tmp_path / "data"), options=(*pipeline.options, *base_url))
        result = again.run("Publish", now="2026-05-16T13:30:00Z")
    assert result.exit_code == 0, result.stderr
    assert {row["verdict"] for row in opinions(again)} == {"agrees"}


@pytest.mark.parametrize("fault", [{"delay": 60}, *swept([{"status": 429}])], ids=["silence", "asked to wait"])
def test_after_one_without_an_answer_no_further_coin_is_asked_for(fault, tmp_path):
    with Api(truly, always(**fault)) as api:
        coins = ("--pipeline-coins", "bitcoin,cardano,ethereum,monero,solana,tether", *SHORT)
        result = live(tmp_path / "data", api, *coins).run("ExtractAndLoad")
    assert result.exit_code == 0, result.stderr
    assert len(api.opinions_asked) <= 2, "Airbyte asks two at a time"
    assert "second opinion on bitcoin" in result.stderr
    assert "monero, solana, tether: not asked, after one without an answer" in result.stderr


def test_one_coin_without_an_opinion_costs_no_other_s(tmp_path):
    missing = FaultAnswer(status=404, body=b"{}")
    with Api(truly, lambda path: missing if "/ethereum/" in path else None) as api:
        result = live(tmp_path / "data", api, "--pipeline-coins", "bitcoin,ethereum,solana").run("ExtractAndLoad")
    assert "answers=3 five_minute=3 second_opinions=2 " in result.stderr
    assert "second opinion on ethereum: HTTP 404" in result.stderr


def test_it_can_be_left_out(tmp_path):
    with Api(truly) as api:
        result = live(tmp_path / "data", api, "--pipeline-second-opinion", "false").run("ExtractAndLoad")
    assert (result.exit_code, api.opinions_asked) == (0, []), result.stderr
    assert "second_opinions=0 " in result.stderr


def test_a_day_too_long_ago_for_it_is_not_asked_for(tmp_path):
    with Api(truly) as api:
        result = live(tmp_path / "data", api, "--date", "2026-04-01").run("ExtractAndLoad")
    assert (result.exit_code, api.opinions_asked) == (0, []), result.stderr
