"""dbt, imported, with the project parsed: builds the models, compiles the data tests, and says how each node went.

For the dbt process only: dbt's imports, memory and locks end with it. dbt builds seeds and models and runs the unit
tests; the data tests run after it on one connection (`data_tests`).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from btc_pipeline.system import child_process, digest
from btc_pipeline.transform import data_tests, prepared
from btc_pipeline.transform.data_tests import DataTest
from btc_pipeline.transform.nodes import Node, one_line
from btc_pipeline.warehouse import duckdb_files


class DbtError(Exception):
    """A command of dbt ended without results."""


class Dbt:
    """dbt with its project; `error` says why if it could not be parsed."""

    def __init__(self, preparation: child_process.Json) -> None:
        self.database = Path(preparation["database"])
        gc.disable()  # the process is short; garbage collection costs a tenth of its time
        from dbt.cli.main import dbtRunner

        # dbt parses everything again if the profile's environment has changed: so all workspaces have the same path
        self.database.parent.mkdir(parents=True, exist_ok=True)
        os.chdir(self.database.parent)
        os.environ["BTC_PIPELINE_DATABASE"] = self.database.name
        os.environ["BTC_PIPELINE_DUCKDB_THREADS"] = str(duckdb_files.threads())
        self._target = Path(preparation["target"])
        self._vars = preparation["vars"]
        self._folders = [
            *("--project-dir", preparation["project"], "--profiles-dir", preparation["project"]),
            *("--target-path", preparation["target"], "--vars", preparation["vars"]),
        ]
        self._logs = preparation["logs"]
        self._runner = dbtRunner
        self._tests: list[DataTest] | None = None
        self._tests_version = ""
        prepared.forget_another_parse(Path(preparation["project"]), self._target)
        parsed = self._invoke("parse", None)
        self._manifest: Any = parsed.result if parsed.success else None
        self.error = "" if parsed.success else f"dbt parse: {one_line(parsed.exception)}"

    def build(self, *, is_unit_tested: bool) -> list[Node]:
        """Build all models and run all tests; returns how each node went. `is_unit_tested`: skip the unit tests.

        Raises:
            DbtError: dbt ended without results.
        """
        skipped = ["test", *["unit_test"] * is_unit_tested]
        return self._nodes("build", ["--exclude-resource-type", *skipped], is_unit_tested=is_unit_tested)

    def run(self, selection: Sequence[str]) -> bool:
        """Run some models, without any test; returns whether all went well.

        Raises:
            DbtError: dbt ended without results.
        """
        built = self._results("run", ["--select", *selection])
        _close()
        return all(_node(result)["status"] == "success" for result in built)

    def test(self, *, is_unit_tested: bool) -> list[Node]:
        """Run all tests; returns how each one went. `is_unit_tested`: skip the unit tests.

        Raises:
            DbtError: dbt ended without results.
        """
        return self._nodes(
            "" if is_unit_tested else "test", ["--exclude-resource-type", "test"], is_unit_tested=is_unit_tested
        )

    def tests(self) -> list[DataTest]:
        """The data tests, with the SQL that dbt has compiled: now, or when it last had this project and these vars.

        Raises:
            DbtError: one cannot be compiled.
        """
        if self._tests is None:
            declared = self._declared()
            version = self._tests_version = self._version(declared)
            sql = data_tests.known(self._target, version)
            if {node.unique_id for node in declared} - set(sql):
                compiled = self._results("compile", ["--select", "resource_type:test"])
                sql = {each.node.unique_id: each.node.compiled_code for each in compiled if each.node.compiled_code}
                for node in declared:
                    if node.unique_id not in sql:
                        raise DbtError(f"dbt compile: {node.name} has no SQL")
                data_tests.remember(self._target, version, sql)
            self._tests = [_data_test(node, sql[node.unique_id]) for node in declared]
        return self._tests

    def _nodes(self, command: str, selection: Sequence[str], *, is_unit_tested: bool) -> list[Node]:
        """Run the command of dbt, if any, then the data tests."""
        unit_tests = 0 if is_unit_tested else len(self._manifest.unit_tests)
        tests = self.tests()
        count = _Counter(unit_tests + len(tests))
        built = self._results(command, selection, count.of_dbt) if command else []
        fresh = self._invoke("source freshness", self._manifest)
        _close()
        found = [_node(result) for result in built]
        not_built = {
            result.node.unique_id
            for result, node in zip(built, found, strict=True)
            if node["kind"] in {"model", "seed"} and node["status"] in {"error", "skipped"}
        }
        judged = data_tests.outcomes(self.database, tests, not_built, self._tests_version, count.finished)
        self._excuse(found, built, {test.needs for test, node in zip(tests, judged, strict=True) if _failed(node)})
        measured = getattr(fresh.result, "results", None) or []
        freshness = [_freshness(result) for result in measured if _kind(result.node) == "source"]
        return [*found, *judged, *freshness]

    def _excuse(self, found: list[Node], built: Sequence[Any], failed: set[frozenset[str]]) -> None:
        """Call a model that broke `skipped` if a test of what it is made from failed: it is the data that broke it."""
        for node, result in zip(found, built, strict=True):
            if node["status"] == "error" and node["kind"] == "model":
                before = set(self._before(result.node.unique_id))
                if any(needs & before for needs in failed):
                    node["status"] = "skipped"

    def _before(self, unique_id: str) -> Iterator[str]:
        """All that a node is made from."""
        for parent in self._manifest.parent_map.get(unique_id, ()):
            yield parent
            yield from self._before(parent)

    def _declared(self) -> list[Any]:
        return [node for node in self._manifest.nodes.values() if _kind(node) == "test"]

    def _version(self, tests: Sequence[Any]) -> str:
        """The hash of all that the SQL of the tests is made from."""
        import dbt.version

        return digest.of(
            dbt.version.__version__,
            self._vars,
            self.database.name,
            sorted((name, each.checksum) for name, each in self._manifest.state_check.project_hashes.items()),
            sorted((macro.unique_id, macro.macro_sql) for macro in self._manifest.macros.values()),
            sorted((each.unique_id, each.relation_name) for each in self._relations()),
            sorted((node.unique_id, node.raw_code, node.config.where, _arguments(node)) for node in tests),
        )

    def _relations(self) -> list[Any]:
        nodes = [*self._manifest.nodes.values(), *self._manifest.sources.values()]
        return [node for node in nodes if getattr(node, "relation_name", None)]

    def _results(
        self, command: str, selection: Sequence[str], callback: Callable[[Any], None] | None = None
    ) -> list[Any]:
        outcome = self._invoke(command, self._manifest, *selection, callback=callback)
        results = getattr(outcome.result, "results", None)
        if results is None:
            raise DbtError(f"dbt {command}: {one_line(outcome.exception)}")
        return list(results)

    def _invoke(
        self, command: str, manifest: Any, *selection: str, callback: Callable[[Any], None] | None = None
    ) -> Any:
        # Without its terminal log dbt takes a tenth less time: it would format each event and show none
        quiet = ["--log-level", "none", "--log-level-file", "warn", "--log-path", self._logs, "--no-use-colors"]
        options = ["--no-write-json", *([] if command == "parse" else ["--no-populate-cache"])]
        runner = self._runner(manifest=manifest, callbacks=[callback] if callback else [])
        return runner.invoke([*quiet, *options, *command.split(), *self._folders, *selection])


def _close() -> None:
    """Close the database that dbt keeps open, which checkpoints it: the process ends without dbt's clean-up."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


class _Counter:
    """Reports how many nodes are finished: dbt's, by its events, and `more`, which dbt's total lacks."""

    def __init__(self, more: int) -> None:
        self._done, self._total = 0, more
        self._more = more

    def of_dbt(self, event: Any) -> None:
        """A listener to dbt's events."""
        if event.info.name == "ConcurrencyLine":
            self._total = event.data.node_count + self._more
        elif event.info.name == "NodeFinished":
            self.finished(event.data.node_info.node_name)

    def finished(self, name: str) -> None:
        """One more is finished."""
        self._done += 1
        child_process.send_progress(self._done, self._total, name)


def _node(result: Any) -> Node:
    """How a seed, a model or a unit test went."""
    kind = _kind(result.node)
    return {
        "kind": kind,
        "name": f"unit:{result.node.name}" if kind == "unit_test" else result.node.name,
        "status": _status(result),
        "failures": result.failures,
        "message": one_line(result.message),
    }


def _freshness(result: Any) -> Node:
    """How old the newest price of a source is; counts as a test."""
    age = getattr(result, "age", None)
    return {
        "kind": "test",
        "name": f"freshness:{result.node.source_name}.{result.node.name}",
        "status": _status(result),
        "failures": None,
        "message": one_line(result.message) or (f"the newest price is {age / 3600:.1f} hours old" if age else ""),
        "places": [],  # the answers are old, and no day of them is wrong
    }


def _failed(node: Node) -> bool:
    return node["status"] in {"fail", "error"}


def _data_test(node: Any, sql: str) -> DataTest:
    config = node.config
    return DataTest(
        unique_id=node.unique_id,
        name=_test_name(node),
        short_name=node.name,
        sql=sql,
        needs=frozenset(node.depends_on.nodes),
        meaning=str(config.meta.get("failure", "")),
        is_confirmable=bool(config.meta.get("is_confirmable")),
        severity=str(config.severity).lower(),
        fail_calc=config.fail_calc,
        warn_if=config.warn_if,
        error_if=config.error_if,
        limit=config.limit,
    )


def _test_name(node: Any) -> str:
    """The name that `declared_tests` gives a data test."""
    if getattr(node, "test_metadata", None) is None:
        return f"singular:{node.name}"
    attached = node.attached_node or (node.depends_on.nodes[-1] if node.depends_on.nodes else "")
    parts = attached.split(".")
    of = ".".join(parts[-2:]) if attached.startswith("source.") else parts[-1]
    return f"generic:{of}.{node.column_name or ''}.{node.test_metadata.name}"


def _arguments(node: Any) -> object:
    """The arguments of a generic test."""
    metadata = getattr(node, "test_metadata", None)
    return metadata and metadata.kwargs


def _kind(node: Any) -> str:
    return str(getattr(node.resource_type, "value", node.resource_type))


def _status(result: Any) -> str:
    return str(getattr(result.status, "value", result.status))
