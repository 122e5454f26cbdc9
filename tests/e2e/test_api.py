"""An API that refuses, waits, breaks off or lies: one line with its own words, bounded requests and time, no bad data.

Each answer is bytes on a real socket. The cases are in `faults.py`, and in docs/faults.md for readers.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from btc_pipeline.coingecko import responses
from btc_pipeline.coingecko.simulator import coins as sample_coins
from tests.e2e import faults, published, truth
from tests.e2e.command_line import STEPS, Pipeline, Result
from tests.e2e.live_api import INSTANT, Api, live, truly
from tests.support.patience import BUSY
from tests.support.swept import sampled

pytestmark = pytest.mark.long

KEY = "CG-CanaryKey0123456789"
A_MINUTE = 60.0
"""What a busy machine may add to a wait; less than what tells minutes from seconds."""
DAY_BEFORE = INSTANT - timedelta(days=1)


REPETITIONS = sampled(case for case in faults.ALL if case.is_repetition)


def params(cases):
    return [
        *(pytest.param(case, id=str(case)) for case in cases if not case.is_repetition),
        *(pytest.param(case, marks=pytest.mark.sweep, id=str(case)) for case in cases if case in REPETITIONS),
    ]


@dataclass(frozen=True)
class Outcome:
    """What came of a fault: its exit code, when prices were asked for, and what readers found before and after it.

    `seconds` are those of its run, or of the extraction in which it was one of many.
    """

    result: Result
    seconds: float
    exit_code: int
    came_at: list[float]
    errors: list[str]
    before: object
    after: object


def files_for_readers(pipeline):
    """The published database and the charts of the day before."""
    workspace = pipeline.data_dir / "live"
    return published.contents_of(workspace / "crypto_data.duckdb", *workspace.glob("charts/*_2026-05-14.png"))


def on_the_day_before(folder, step, *options):
    """A run of the day before that went well."""
    with Api(truly, now=DAY_BEFORE) as api:
        pipeline = live(folder / "data", api, *options)
        result = pipeline.run(step, now=DAY_BEFORE.isoformat())
        assert result.exit_code == 0, result.stderr
        return pipeline


# --- A fault that says something about all coins: a run of its own

ALONE = [case for case in faults.ALL if not case.is_of_one_coin]


@pytest.fixture(scope="module")
def day_before(workers, tmp_path_factory):
    return workers.submit(on_the_day_before, tmp_path_factory.mktemp("day_before"), "Visualize")


@pytest.fixture(scope="module")
def alone(day_before, run_ahead, tmp_path_factory):
    def run(case):
        copy = day_before.result().copy_to(tmp_path_factory.mktemp("api") / "data")
        before = files_for_readers(copy)
        assert len(before) == 2
        with Api(case.answer) as api:
            options = live(copy.data_dir, api, *case.options).options
            pipeline = replace(copy, options=options, env={"COINGECKO_API_KEY": KEY})
            result = pipeline.run("Visualize" if case.exit_code else "VerifyData")
        after = files_for_readers(copy)
        return Outcome(result, result.seconds, result.exit_code, api.came_at, result.errors, before, after)

    return run_ahead(run, ALONE)


# --- Faults of one coin each: coins of one run

REFUSED = [case for case in faults.ALL if case.is_of_one_coin and case.exit_code]
TAKEN = [case for case in faults.ALL if case.is_of_one_coin and not case.exit_code]
OTHERS = [name for name, coin in sample_coins.COINS.items() if name != "bitcoin" and coin.listed_at < DAY_BEFORE]


ONLY_HOURLY = ("--pipeline-five-minute-points=false",)  # which are answers of their own, and true ones


def coins_of(cases):
    """A coin for each of the cases."""
    return dict(zip(cases, OTHERS, strict=False))


def run_together(pipeline, step, coins, *options):
    """A run for bitcoin, which gets the true answer, and the coins, which get a fault each; and when each was asked."""
    answers = {coin: case.answer for case, coin in coins.items()}
    numbers: Counter[str] = Counter()

    def of_coin(asked):
        numbers[asked.coin_id] += 1
        return answers[asked.coin_id](numbers[asked.coin_id]) if asked.coin_id in answers else None

    with Api(truly, of_coin=of_coin) as api:
        every = f"--pipeline-coins={','.join(['bitcoin', *answers])}"
        result = live(pipeline.data_dir, api, every, *options).run(step)
    came_at: dict[str, list[float]] = {coin: [] for coin in ("bitcoin", *answers)}
    for asked, at in zip(api.asked, api.came_at, strict=True):
        came_at[asked.coin_id].append(at)
    return result, came_at


def seconds_of_extraction(result):
    (found,) = re.findall(r" ExtractAndLoad done .*seconds=([\d.]+)$", result.stderr, re.MULTILINE)
    return float(found)


def lines_about(coin, lines):
    return [line for line in lines if re.search(rf"(?<![\w-]){coin}(?![\w-])", line)]


def candles_of(coin, pipeline):
    """The published candles of a coin, without the one that was open on the day before: midnight changes it, too."""
    rows = published.candles_as_text(pipeline.data_dir / "live/crypto_data.duckdb")
    return [row for row in rows if row["coin_id"] == coin and row["date"] != DAY_BEFORE.date().isoformat()]


def exit_codes_on_record(pipeline, coin):
    records = [json.loads(path.read_text()) for path in (pipeline.data_dir / "live/failures").glob("*.ndjson")]
    return [record["exit_code"] for record in records if record["coins"] == [coin]]


@pytest.fixture(scope="module")
def refused(run_ahead, tmp_path_factory):
    """All coins are published on the day before, and of all but bitcoin the prices are refused on the next."""

    def run(cases):
        coins = coins_of(cases)
        every = f"--pipeline-coins={','.join(['bitcoin', *coins.values()])}"
        pipeline = on_the_day_before(tmp_path_factory.mktemp("refused"), "Publish", every, *ONLY_HOURLY)
        before = {coin: candles_of(coin, pipeline) for coin in coins.values()}
        result, came_at = run_together(pipeline, "Publish", coins, *ONLY_HOURLY)
        seconds, outcomes = seconds_of_extraction(result), {}
        for case, coin in coins.items():
            (exit_code,) = exit_codes_on_record(pipeline, coin)
            errors = lines_about(coin, result.errors)
            outcomes[case] = Outcome(
                result, seconds, exit_code, came_at[coin], errors, before[coin], candles_of(coin, pipeline)
            )
        return pipeline, outcomes

    return run_ahead(run, REFUSED, at_once=True)


@pytest.fixture(scope="module")
def taken(day_before, run_ahead, tmp_path_factory):
    def run(cases):
        coins = coins_of(cases)
        copy = day_before.result().copy_to(tmp_path_factory.mktemp("taken") / "data")
        before = files_for_readers(copy)
        result, came_at = run_together(copy, "VerifyData", coins)
        seconds, after = seconds_of_extraction(result), files_for_readers(copy)
        assert result.exit_code == 0, result.stderr
        return {
            case: Outcome(result, seconds, 0, came_at[coin], lines_about(coin, result.errors), before, after)
            for case, coin in coins.items()
        }

    return run_ahead(run, TAKEN, at_once=True)


@pytest.fixture(scope="module", autouse=True)
def outcomes(refused, taken, alone):
    """A function that gives the outcome of a case."""

    def outcome(case):
        if case in refused:
            return refused[case].result()[1][case]
        return taken[case].result()[case] if case in taken else alone[case].result()

    return outcome


# --- What is true of each


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_comes_to_its_exit_code_after_as_many_requests_as_may_help(case, outcomes):
    outcome = outcomes(case)
    assert (outcome.exit_code, len(outcome.came_at)) == (case.exit_code, case.requests), outcome.result.stderr
    assert len(outcome.errors) == (case.exit_code != 0), outcome.result.stderr
    assert "Traceback" not in outcome.result.stderr


@pytest.mark.parametrize("case", params([case for case in faults.ALL if case.says]))
def test_an_answer_is_told_in_its_own_words_and_ours(case, outcomes):
    outcome = outcomes(case)
    lines = outcome.errors or [line for line in outcome.result.stderr.splitlines() if "WARNING" in line]
    assert len([line for line in lines if all(words in line for words in case.says)]) == 1, lines


@pytest.mark.parametrize("case", params([case for case in faults.ALL if case.waits]))
def test_a_wait_is_as_long_as_it_says(case, outcomes):
    first, second = outcomes(case).came_at
    assert case.waits is not None
    assert case.waits < second - first < case.waits + A_MINUTE, outcomes(case).result.stderr


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_takes_a_bounded_time_and_memory(case, outcomes):
    outcome = outcomes(case)
    assert outcome.seconds < case.seconds * BUSY
    assert 20 < outcome.result.peak_mib < case.mib  # a run that was not watched would show nothing


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_changes_nothing_that_readers_have(case, outcomes):
    outcome = outcomes(case)
    assert outcome.before
    assert outcome.after == outcome.before


# --- What is true of those that are met together


@pytest.mark.parametrize("case", params(REFUSED[:1]))
def test_among_coins_that_are_refused_a_good_one_is_published(case, refused):
    pipeline, outcomes = refused[case].result()
    result = outcomes[case].result
    assert (result.exit_code, result.done) == (faults.EXTRACTION, STEPS[:5]), result.stderr
    assert len(result.errors) == len(REFUSED), result.stderr
    days = published.candles(pipeline.data_dir / "live/crypto_data.duckdb")
    assert [row["coin_id"] for row in days if row["date"] == INSTANT.date()] == ["bitcoin"]
    assert truth.wrong_candles(days) == []


@pytest.mark.parametrize("case", params(TAKEN[:1]))
def test_what_is_taken_warns_of_what_is_new_and_of_nothing_else(case, taken):
    result = taken[case].result()[case].result
    warnings = [line for line in result.stderr.splitlines() if "WARNING" in line]
    assert (result.exit_code, result.errors) == (0, []), result.stderr
    assert len(warnings) == len([each for each in TAKEN if each.says]), warnings


def test_an_api_that_is_not_there_ends_with_20_and_one_line(tmp_path):
    options = ("--pipeline-source=live", "--coingecko-base-url=http://127.0.0.1:1/api/v3", "--coingecko-retries=0")
    result = Pipeline(tmp_path / "data", options).run("Visualize")
    assert (result.exit_code, len(result.errors)) == (faults.EXTRACTION, 1), result.stderr
    assert "no answer" in result.errors[0]


# --- The table itself


def test_the_page_of_faults_is_the_table():
    assert faults.PAGE.read_text(encoding="utf-8") == faults.page(), "make faults"


@pytest.mark.skipif(not faults.BODIES.exists(), reason="the recordings of the real API are not here")
def test_each_recorded_refusal_is_in_the_table():
    sent = {
        (fault.status, responses.error_message(fault.body))
        for fault in (case.answer(1) for case in faults.REFUSALS)
        if fault is not None
    }
    assert [body for status, body in faults.bodies() if (status, responses.error_message(body)) not in sent] == []
