"""The doctor's checks of imports: does each process of a run find what it imports, and does nothing hide it?

The processes are started as a run starts them, all at once, and do nothing but import. They write into a folder that
is removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.commands.doctor.installation import INSTALL
from btc_pipeline.system import import_path, start
from btc_pipeline.system.child_process import Child, ChildError, Json

_PROCESS = "btc_pipeline.commands.doctor.imports_process"
_SECONDS = 60.0


@dataclass(frozen=True)
class Imports:
    """What a kind of process imports: by its own `prepare`, if `process` names its module, then `modules`."""

    modules: Sequence[str]
    process: str = ""


CHILDREN: Mapping[str, Imports] = {
    "connector": Imports(
        (
            *("btc_pipeline.coingecko.connector.components", "yaml", "airbyte._executors.declarative"),
            *("airbyte.caches.duckdb", "airbyte.sources.base"),
        ),
        process="btc_pipeline.coingecko.connector.process",
    ),
    "dbt": Imports(("btc_pipeline.transform.dbt_process", "dbt.cli.main", "dbt.adapters.duckdb")),
    "drawing": Imports(
        (
            *("btc_pipeline.visualize.chart.coin_chart", "btc_pipeline.visualize.chart.overview"),
            "btc_pipeline.visualize.report.write",
        ),
        process="btc_pipeline.visualize.process",
    ),
}
"""The processes that a run starts."""

RUN = Imports(
    (
        *("btc_pipeline.__main__", "luigi.cmdline", "luigi.tools.range", "btc_pipeline.tasks"),
        *("btc_pipeline.extract.daily", "btc_pipeline.extract.history", "btc_pipeline.verify.answers"),
        *("btc_pipeline.transform.daily", "btc_pipeline.transform.judge", "btc_pipeline.transform.backfill"),
        *("btc_pipeline.transform.proof", "btc_pipeline.publish.swap", "btc_pipeline.visualize.drawing"),
        *("btc_pipeline.coingecko.simulator.server", "btc_pipeline.coingecko.ping", "certifi", "rich.progress"),
        *("btc_pipeline.commands.run", "btc_pipeline.terminal.summary_text", "yaml"),
        "btc_pipeline.visualize.report.write",
    )
)
"""What the process of the run itself imports, or of a command that reads what is published."""


@contextlib.contextmanager
def started() -> Iterator[Mapping[str, Child]]:
    """The processes of a run, importing; by their kinds."""
    with TemporaryDirectory(prefix="btc_pipeline-doctor-") as folder, contextlib.ExitStack() as stack:
        yield {kind: stack.enter_context(_started(kind, of_kind, Path(folder))) for kind, of_kind in CHILDREN.items()}


def of_processes(children: Mapping[str, Child]) -> Check:
    """Whether each process of a run can import what it needs."""
    faults = [f"the {kind} process: {error}" for kind, child in children.items() if (error := _found(child)["error"])]
    if faults:
        return Check("imports", "failed", f"an import fails in {'; in '.join(faults)}", INSTALL)
    return Check("imports", "ok", f"{', '.join(children)}: each process of a run finds what it imports")


def of_path() -> Check:
    """Whether a file on PYTHONPATH, or in the current folder, comes before a module that a run imports."""
    hiding = import_path.hiding()
    found = {name: file for name, file in hiding.items() if name in _names_of_a_run()} if hiding else {}
    if found:
        error = start.hidden(found)
        return Check("import path", "failed", error.what, error.fix)
    if by_itself := import_path.started_with():
        facts = f"Python runs {by_itself[0]} before each command, and what it prints gets into the results"
        return Check("import path", "warning", facts, f"take {Path(by_itself[0]).parent} from PYTHONPATH")
    return Check("import path", "ok", "no file hides a module of a run")


def _names_of_a_run() -> set[str]:
    """What the run itself imports, asked of a process that nothing hides a module from."""
    with TemporaryDirectory(prefix="btc_pipeline-doctor-") as folder, _started("run", RUN, Path(folder)) as child:
        return set(_found(child)["modules"])


@contextlib.contextmanager
def _started(kind: str, imports: Imports, folder: Path) -> Iterator[Child]:
    scratch = folder / kind
    scratch.mkdir()
    given = {"scratch": str(scratch), "logs": str(scratch), "is_lean": True}
    preparation = {"process": imports.process, "given": given, "modules": imports.modules}
    child = Child(_PROCESS, folder / f"{kind}.log", preparation)
    try:
        yield child
    finally:
        child.end()


def _found(child: Child) -> Json:
    """What a process has imported, or why it could not."""
    try:
        return {"error": "", "modules": [], **child.work({}, _SECONDS)}
    except ChildError as error:
        printed = error.log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line for line in reversed(printed) if line.strip()), "")
        is_said = not last or last in error.reason
        return {"error": error.reason if is_said else f"{error.reason}, {last}", "modules": []}
