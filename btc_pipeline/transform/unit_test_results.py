"""The outcomes of dbt's unit tests, kept until the models change.

A unit test checks the models, not the data: with the same models it has the same outcome. So it runs once for each
version of the models. The record lies in dbt's target folder. Outcomes of data tests are never kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from btc_pipeline.system import records
from btc_pipeline.transform.nodes import Node

_RECORD = "unit_tests.json"


def known(folder: Path, version: str) -> list[Node]:
    """The outcomes of the unit tests of this version of the models, all passed; empty if they have not run."""
    record = records.read(folder / _RECORD)
    tests = record["tests"] if record.get("version") == version else []
    return [{key: str(test[key]) for key in ("kind", "name", "status", "message")} for test in tests]


def forget(folder: Path) -> None:
    """Let them run again."""
    (folder / _RECORD).unlink(missing_ok=True)


def remember(folder: Path, version: str, tests: Sequence[Node]) -> None:
    """Keep the outcomes, if all unit tests among the tests have passed."""
    units = [test for test in tests if test["kind"] == "unit_test"]
    if units and all(test["status"] in {"pass", "success"} for test in units):
        records.write(folder / _RECORD, {"version": version, "tests": units})
