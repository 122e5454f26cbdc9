"""A system call that fails, anywhere in a run: one line, the published file is whole, and the next run heals.

Full disks, broken ones, missing rights, too many open files: in the run itself, the connector, dbt and the drawing.
"""

from dataclasses import dataclass

import pytest

from btc_pipeline import errors
from tests.e2e import injections, published
from tests.e2e.command_line import Pipeline
from tests.e2e.injections import Injection
from tests.support.swept import swept

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(injections.STRACE is None, reason="NOT RUN: strace is not installed"),
]

ERRORS = {
    "write": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "rename": ("EACCES", "EIO", "ENOSPC"),
    "openat": ("EMFILE", "EACCES", "EIO"),
    "unlink": ("EACCES", "EIO"),
    "mkdir": ("ENOSPC", "EACCES"),
}
INSTANTS = range(20)
DOCUMENTED = {0, *(each.exit_code for each in vars(errors).values() if hasattr(each, "exit_code"))} - {1}
TODAY, TOMORROW = "2026-05-14T13:30:00Z", "2026-05-15T13:30:00Z"


@dataclass(frozen=True)
class Failure:
    """A kind of call, its error, and how far in the run, in twentieths of its calls on files of the data folder."""

    call: str
    error: str
    instant: int

    def __str__(self) -> str:
        return f"{self.call} {self.error} at {self.instant} of 20"


KINDS = [(call, error) for call, of_call in ERRORS.items() for error in of_call]
ALWAYS = [Failure(*KINDS[number % len(KINDS)], (7 * number + 2) % 20) for number in range(20)]
FAILURES = [
    each for call, error in KINDS for instant in INSTANTS if (each := Failure(call, error, instant)) not in ALWAYS
]


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory):
    """A pipeline on the data of a run of the day before."""
    pipeline = Pipeline(tmp_path_factory.mktemp("yesterday") / "data", now=TODAY)
    assert pipeline.run().exit_code == 0
    return pipeline


@pytest.fixture(scope="module")
def good_run(yesterday, tmp_path_factory):
    """The calls of a good run on the data folder, by kind and in order, and the candles before it and after it."""
    pipeline = at_work(yesterday, tmp_path_factory.mktemp("good"))
    before = candles(pipeline)
    made = injections.calls(pipeline, pipeline.data_dir.with_name("log"), tuple(ERRORS))
    of_data = [call for call in made if str(pipeline.data_dir) in call.path]
    return {name: [call for call in of_data if call.name == name] for name in ERRORS}, before, candles(pipeline)


def at_work(yesterday, folder):
    copy = yesterday.copy_to(folder / "data")
    return Pipeline(copy.data_dir, now=TOMORROW)


def candles(pipeline):
    return published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


@pytest.fixture
def observed(yesterday, good_run, tmp_path):
    """A function that runs with a failure, and checks all that is promised of it and of the runs after it."""

    def observe(failure):
        calls, before, after = good_run
        of_kind = calls[failure.call]
        call = of_kind[failure.instant * len(of_kind) // len(INSTANTS)]
        pipeline = at_work(yesterday, tmp_path)
        result, failed = injections.run(pipeline, tmp_path / "log", Injection(call.name, call.number, failure.error))
        if not failed:
            pytest.skip("NOT RUN: the failure fired nowhere")
        said = f"{[(each.role, each.path) for each in failed]}\n{result.stderr}"
        assert result.exit_code in DOCUMENTED, said
        assert "Traceback" not in result.stderr, said
        is_lost = any(call.path.endswith("/stderr") for call in failed)  # it was the line itself that failed
        assert is_lost or len(result.errors) == (result.exit_code != 0), said
        assert candles(pipeline) in (before, after), said
        assert result.exit_code != 0 or candles(pipeline) == after, said
        healed = pipeline.run()
        assert (healed.exit_code, candles(pipeline)) == (0, after), said + healed.stderr
        left = [name for name in published.leftovers(pipeline.data_dir) if not name.endswith(".damaged")]
        assert left == [], said  # a database that DuckDB takes for damaged is set aside, and kept
        assert pipeline.run().done == []

    return observe


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_is_named_and_nothing_is_done_on_it(error, yesterday, tmp_path):
    pipeline = at_work(yesterday, tmp_path)
    before = candles(pipeline)
    result, failed = injections.run(pipeline, tmp_path / "log", Injection("flock", 1, error))
    assert [call.role for call in failed] == ["the run"]
    (line,) = result.errors
    assert (result.exit_code, result.done) == (2, [])
    assert "the file system has no locks: " in line
    assert "put [pipeline] data_dir on a local disk" in line
    assert candles(pipeline) == before


@pytest.mark.parametrize("failure", ALWAYS, ids=str)
def test_a_call_that_fails_costs_one_line_and_the_next_run_heals(failure, observed):
    observed(failure)


@pytest.mark.parametrize("failure", swept(FAILURES), ids=str)
def test_no_other_call_that_fails_costs_more(failure, observed):
    observed(failure)
