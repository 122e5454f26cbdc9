"""Readers are never disturbed: not by a run, and not by a run that fails."""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e import published
from tests.e2e.command_line import copy_of_project
from tests.support.patience import PATIENCE
from tests.support.swept import swept

pytestmark = pytest.mark.long

NEXT_DAY = "2026-05-16T13:30:00Z"
PUBLISHED = "crypto_data.duckdb"
CHART = "charts/bitcoin_usd_2026-05-15.png"


@contextlib.contextmanager
def reader(how, database):
    """A reader in another process."""
    command = [sys.executable, Path(__file__).with_name("reader.py"), how, database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def look(process):
    """What a reader that holds the database open sees now."""
    process.stdin.write("\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


# --- While a run publishes


@pytest.fixture(scope="module")
def disturbance(first_run, tmp_path_factory):
    """A run on the next day, with one reader that keeps the database open and one that reopens it all the time."""
    pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("readers") / "data")
    database = pipeline.sample / PUBLISHED
    with reader("hold", database) as holding, reader("reopen", database) as reopening:
        before = json.loads(holding.stdout.readline())
        first_seen = reopening.stdout.readline()
        result = pipeline.run("Publish", now=NEXT_DAY)
        held = look(holding)
        next_seen = reopening.stdout.readline()
        seen, _ = reopening.communicate(timeout=PATIENCE)
    with reader("hold", database) as newcomer:
        after = json.loads(newcomer.stdout.readline())
    return {
        "before": before,
        "result": result,
        "held": held,
        "seen": [json.loads(line) for line in (first_seen + next_seen + seen).splitlines()],
        "after": after,
    }


def test_a_run_is_not_blocked_by_readers(disturbance):
    assert disturbance["result"].exit_code == 0, disturbance["result"].stderr


def test_a_run_publishes_a_new_version_under_readers(disturbance):
    assert (disturbance["before"]["candles"], disturbance["after"]["candles"]) == (8, 9)


def test_a_reader_keeps_the_version_that_it_has_open(disturbance):
    assert disturbance["held"] == disturbance["before"]


def test_a_reader_who_reopens_sees_the_old_version_then_the_new_one_and_nothing_else(disturbance):
    assert disturbance["seen"] == [disturbance["before"], disturbance["after"]]


# --- When a test of the candles fails


@dataclass(frozen=True, eq=False)
class PlantedTest:
    """A test that is added to the project, and what the error's line has to say."""

    name: str
    sql: str
    says: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


PLANTED_TESTS = [
    PlantedTest(
        "a test that fails",
        "select * from {{ ref('daily_candlestick') }}\n",
        ("assert_planted", "the published table and the chart stay as they were", "coin=bitcoin/usd day=2026-05-08"),
    ),
    PlantedTest(
        "a test of a model that does not exist",
        "select * from {{ ref('no_such_model') }}\n",
        ("no_such_model",),
    ),
    PlantedTest(
        "a test that is switched off",
        "{{ config(enabled=false) }} select 1 where false\n",
        ("not_run=singular:assert_planted",),
    ),
]
each_planted_test = pytest.mark.parametrize("case", swept(PLANTED_TESTS), ids=str)


@pytest.fixture(scope="module", autouse=True)
def failures(first_run, run_ahead, tmp_path_factory):
    """A run on the next day's data with the planted test, whether it left what readers have, and a run without it."""

    def run(case):
        folder = tmp_path_factory.mktemp("planted")
        pipeline = replace(first_run[0].copy_to(folder / "data"), project=copy_of_project(folder / "project"))
        planted = pipeline.project / "dbt_project/tests/assert_planted.sql"
        planted.write_text(case.sql)
        before = published.contents_of(pipeline.sample / PUBLISHED, pipeline.sample / CHART)
        failed = pipeline.run("Visualize", now=NEXT_DAY)
        is_untouched = published.contents_of(*before) == before
        planted.unlink()
        return failed, is_untouched, pipeline.run("Publish", now=NEXT_DAY)

    return run_ahead(run, PLANTED_TESTS)


@each_planted_test
def test_a_test_that_fails_or_does_not_run_ends_the_run_with_its_code_and_one_line(case, failures):
    failed, *_ = failures[case].result()
    assert failed.exit_code in (40, 50), failed.stderr
    assert len(failed.errors) == 1, failed.stderr
    assert [words for words in case.says if words not in failed.errors[0]] == [], failed.errors[0]


@each_planted_test
def test_a_test_that_fails_or_does_not_run_leaves_published_database_and_chart_as_they_were(case, failures):
    _, is_untouched, _ = failures[case].result()
    assert is_untouched


@each_planted_test
def test_without_the_failing_test_the_next_run_publishes(case, failures):
    *_, mended = failures[case].result()
    assert (mended.exit_code, mended.done[-1:]) == (0, ["Publish"]), mended.stderr
