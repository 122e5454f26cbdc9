"""dbt's data tests as dbt has compiled them, run on one connection.

dbt compiles a test, writes it and runs it in a context of its own, which takes ten times as long as the query. With the
same project and vars it compiles a test to the same SQL, so that SQL is kept in dbt's target folder. What the rows of a
test mean is as in dbt: `fail_calc`, `warn_if`, `error_if`, `limit` and `severity`. Imports nothing of dbt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from btc_pipeline.system import records
from btc_pipeline.transform import days_under_test, failing_rows
from btc_pipeline.transform.nodes import Node, one_line
from btc_pipeline.warehouse import duckdb_files

RECORD = "data_tests.json"
"""The file in dbt's target folder that keeps their SQL."""

_LIMITS = "set memory_limit = '2GB'; set max_temp_directory_size = '8GB'"
"""As in the dbt project's profiles.yml."""

_SEVERITIES = ("pass", "warn", "fail", "error")
"""How a test can end, the worst last."""


@dataclass(frozen=True)
class DataTest:
    """A data test: `sql` finds the rows that fail it; `name` is that of `declared_tests`, `short_name` is dbt's.

    `needs` are the unique ids of the models, seeds and sources that it reads. `meaning` is what its failure means, and
    `is_confirmable` whether a second answer can prove the first one right (`quarantine`).
    """

    unique_id: str
    name: str
    short_name: str
    sql: str
    needs: frozenset[str]
    meaning: str
    is_confirmable: bool
    severity: str
    fail_calc: str = "count(*)"
    warn_if: str = "!= 0"
    error_if: str = "!= 0"
    limit: int | None = None

    @property
    def query(self) -> str:
        """The number of its failures, and whether that is to warn or to fail."""
        rows = f"select * from ({self.sql}\n) limit {self.limit}" if self.limit is not None else self.sql
        columns = f"{self.fail_calc}, {self.fail_calc} {self.warn_if}, {self.fail_calc} {self.error_if}"
        return f"select {columns} from ({rows}\n) as failing"


def known(folder: Path, version: str) -> dict[str, str]:
    """The SQL of each test by its unique id, as kept for this version of project and vars.

    Empty if it is not kept, or not as it was written: another SQL would be another test, perhaps one that cannot fail.
    """
    record = records.read(folder / RECORD)
    return dict(record["sql"]) if record.get("version") == version else {}


def remember(folder: Path, version: str, sql: Mapping[str, str]) -> None:
    """Keep the SQL of each test."""
    records.write(folder / RECORD, {"version": version, "sql": dict(sql)})


def outcomes(
    database: Path,
    tests: Sequence[DataTest],
    not_built: AbstractSet[str],
    version: str,
    on_finished: Callable[[str], object],
) -> list[Node]:
    """Run the tests; those of what was not built are skipped. `on_finished` is called with the name of each one.

    `version` is that of all the tests. A test that reads `pipeline.days_under_test` runs for each slice of them.

    Raises:
        DatabaseError: the database cannot be opened.
    """
    found: list[Node | None] = [None] * len(tests)
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(_LIMITS)
        slices = days_under_test.choose(connection, version)
        for number in days_under_test.each_slice(connection, slices):
            for place, test in enumerate(tests):
                is_last = number == (slices - 1 if days_under_test.TABLE in test.needs else 0)
                if number > 0 and days_under_test.TABLE not in test.needs:
                    continue
                if test.needs & not_built:
                    found[place] = _node(test, "skipped", None, "what it tests was not built")
                else:
                    found[place] = _worse(found[place], _outcome(connection, test))
                if is_last:
                    on_finished(test.short_name)
    return [node for node in found if node]


def _worse(earlier: Node | None, node: Node) -> Node:
    """Of the outcomes of two slices the worse one, with the failures and the places of both."""
    if earlier is None:
        return node
    worse = max(earlier, node, key=lambda each: _SEVERITIES.index(each["status"]))
    counts = [each["failures"] for each in (earlier, node) if each["failures"]]
    both = [each["places"] for each in (earlier, node) if "places" in each]
    places = None if None in both else [place for each in both for place in each]
    message = f"{sum(counts)} results in slices, the worst: {worse['message']}" if len(counts) > 1 else worse["message"]
    return (
        worse
        | {"failures": sum(counts) or worse["failures"], "message": message}
        | ({"places": places} if both else {})
    )


def _outcome(connection: duckdb_files.Connection, test: DataTest) -> Node:
    try:
        ((failures, is_to_warn, is_to_fail),) = connection.execute(test.query).fetchall()
    except duckdb_files.AnyError as error:
        return _node(test, "error", None, one_line(error))
    results = f"{failures} result{'s' * (failures != 1)}"
    if test.severity == "error" and is_to_fail:
        message = f"{results}, configured to fail if {test.error_if}"
        return _node(test, "fail", failures, message) | {"places": _places(connection, test)}
    if is_to_warn:
        return _node(test, "warn", failures, f"{results}, configured to warn if {test.warn_if}")
    return _node(test, "pass", 0, "")


def _places(connection: duckdb_files.Connection, test: DataTest) -> list[failing_rows.Place] | None:
    try:
        return failing_rows.places(connection, test.sql) or None
    except duckdb_files.AnyError:  # the test's own outcome counts
        return None


def _node(test: DataTest, status: str, failures: int | None, message: str) -> Node:
    return {
        "kind": "test",
        "name": test.name,
        "status": status,
        "failures": failures,
        "message": message,
        "meaning": test.meaning,
        "severity": test.severity,
    }
