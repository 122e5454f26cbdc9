"""The judgement: have the tests of a build passed, and has each declared test run?

Imports nothing of dbt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from btc_pipeline.errors import CandleTestError
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import records
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import dbt_runner, declared_tests, meanings, touched_days, unit_test_results, work_checksum
from btc_pipeline.transform.nodes import Node


def judge(settings: Settings, workspace: Workspace, stamp: str) -> dict[str, str]:
    """Judge the tests of the build with this stamp; if its results are gone, run the tests again. Vouch for its days.

    Returns:
        The outcome of each test: `pass` or `warn`.

    Raises:
        CandleTestError: a test failed, or the tests that ran are not the declared tests. Then the next run loads the
            days of the failure anew from the archive, or all if no day explains it.
    """
    tests = _results_of(workspace, stamp)
    workspace.test_results.unlink(missing_ok=True)
    if tests is None:
        tests = dbt_runner.run(settings, workspace, {"command": "test", "is_unit_tested": False}, CandleTestError)[
            "nodes"
        ]
    try:
        raise_for_failures(tests)
        take_census(tests)
    except CandleTestError:
        unit_test_results.forget(workspace.dbt_target)
        distrust(workspace, tests)
        raise
    touched_days.vouch(workspace.work)
    work_checksum.keep(workspace.work)
    return {test["name"]: test["status"] for test in tests}


def _results_of(workspace: Workspace, stamp: str) -> list[Node] | None:
    results = records.read(workspace.test_results)
    return results["tests"] if results.get("stamp") == stamp else None


def distrust(workspace: Workspace, tests: Sequence[Node]) -> None:
    """Let the next run load anew what the failed tests are about."""
    found = [test.get("places") for test in _failed(tests) if test["status"] != "skipped"]
    places = [place for each in found for place in each or []]
    touched_days.distrust(workspace.work, places if found and None not in found else None)


def _failed(tests: Sequence[Node]) -> list[Node]:
    """The tests that did not pass, those that were skipped at the end."""
    failed = [test for test in tests if test["status"] not in {"pass", "success", "warn"}]
    return sorted(failed, key=lambda test: test["status"] == "skipped")


def _where(test: Node) -> dict[str, str]:
    """The facts of a failed test: its first coin and day, and how many more places there are."""
    places = test.get("places") or []
    if not places:
        return {}
    first = places[0]
    facts = {"coin": f"{first['coin_id']}/{first['vs_currency']}", "day": first["date"]}
    return facts | ({"more_places": str(len(places) - 1)} if len(places) > 1 else {})


def raise_for_failures(tests: Sequence[Node]) -> None:
    """Raise an error for the first test that did not pass.

    Raises:
        CandleTestError: names the test, and how many more there are.
    """
    failed = _failed(tests)
    if failed:
        worst = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        error = CandleTestError(
            f"test {worst['name']} ended with {worst['status']}: {worst['message'] or 'no message'}{more};"
            " the published table and the chart stay as they were",
            "look at the rows: `dbt build --store-failures` by hand in dbt_project/",
            **_where(worst),
        )
        places = [place for test in failed for place in test.get("places") or ()]
        error.days = tuple(sorted({(each["coin_id"], each["vs_currency"], each["date"]) for each in places}))
        raise error


def take_census(tests: Sequence[Node]) -> None:
    """Compare the tests that ran with those that the project declares; each must say what its failure means.

    Raises:
        CandleTestError: names what did not run, and what is not declared; or the tests that do not say it.
    """
    declared, executed = declared_tests.declared(DBT_PROJECT), Counter(test["name"] for test in tests)
    if declared != executed:
        missing = sorted((declared - executed).elements())
        unknown = sorted((executed - declared).elements())
        raise CandleTestError(
            "the census does not agree: a test that did not run counts as failed",
            "correct what the test refers to",
            declared=declared.total(),
            executed=executed.total(),
            not_run=",".join(missing) or "none",
            not_declared=",".join(unknown) or "none",
        )
    meanings.check(tests)
