"""An API that refuses, waits, breaks off or lies: one line with its own words, bounded requests and time, no bad data.

Each answer is bytes on a real socket. The cases are in `faults.py`, and in docs/faults.md for readers.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from btc_pipeline.coingecko import responses
from tests.e2e import faults, published
from tests.e2e.command_line import Pipeline
from tests.e2e.live_api import INSTANT, Api, live, truly

KEY = "CG-CanaryKey0123456789"
DAY_BEFORE = INSTANT - timedelta(days=1)


def params(cases):
    return [pytest.param(case, marks=[pytest.mark.sweep] if case.is_repetition else [], id=str(case)) for case in cases]


def files_for_readers(pipeline):
    """The published database and the charts of the day before."""
    workspace = pipeline.data_dir / "live"
    return published.contents_of(workspace / "crypto_data.duckdb", *workspace.glob("charts/*_2026-05-14.png"))


@pytest.fixture(scope="module")
def day_before(workers, tmp_path_factory):
    """A run of the day before that went well."""

    def run():
        with Api(truly, now=DAY_BEFORE) as api:
            pipeline = live(tmp_path_factory.mktemp("day_before") / "data", api)
            result = pipeline.run("Visualize", now=DAY_BEFORE.isoformat())
            assert result.exit_code == 0, result.stderr
            return pipeline

    return workers.submit(run)


@pytest.fixture(scope="module", autouse=True)
def outcomes(day_before, run_ahead, tmp_path_factory):
    """What a run came to, when it asked, and what readers found before and after it."""

    def run(case):
        copy = day_before.result().copy_to(tmp_path_factory.mktemp("api") / "data")
        before = files_for_readers(copy)
        with Api(case.answer) as api:
            options = live(copy.data_dir, api, *case.options).options
            pipeline = replace(copy, options=options, env={"COINGECKO_API_KEY": KEY})
            result = pipeline.run("Visualize" if case.exit_code else "VerifyData")
        return result, api.came_at, (before, files_for_readers(copy))

    return run_ahead(run, faults.ALL)


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_comes_to_its_exit_code_after_as_many_requests_as_may_help(case, outcomes):
    result, came_at, _ = outcomes[case].result()
    assert (result.exit_code, len(came_at)) == (case.exit_code, case.requests), result.stderr
    assert len(result.errors) == (case.exit_code != 0), result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("case", params([case for case in faults.ALL if case.says]))
def test_an_answer_is_told_in_its_own_words_and_ours(case, outcomes):
    result, *_ = outcomes[case].result()
    (line,) = result.errors or [line for line in result.stderr.splitlines() if "WARNING" in line]
    assert [words for words in case.says if words not in line] == [], line


@pytest.mark.parametrize("case", params([case for case in faults.ALL if case.waits]))
def test_a_wait_is_as_long_as_it_says(case, outcomes):
    result, (first, second), _ = outcomes[case].result()
    least, most = case.waits
    assert least < second - first < most, result.stderr


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_takes_a_bounded_time_and_memory(case, outcomes):
    result, *_ = outcomes[case].result()
    assert result.seconds < case.seconds
    assert 20 < result.peak_mib < case.mib  # a run that was not watched would show nothing


@pytest.mark.parametrize("case", params(faults.ALL))
def test_an_answer_changes_nothing_that_readers_have(case, outcomes):
    _, _, (before, after) = outcomes[case].result()
    assert len(before) == 2
    assert after == before


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
        (fault.status, responses.refusal(fault.body))
        for fault in (case.answer(1) for case in faults.REFUSALS)
        if fault is not None
    }
    assert [body for status, body in faults.bodies() if (status, responses.refusal(body)) not in sent] == []
