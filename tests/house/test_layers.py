"""The architecture as rules, checked over the sources; each exception is named here, with its reason."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "btc_pipeline"
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}

HEAVY = {"airbyte", "airbyte_cdk", "airbyte_protocol", "dbt", "matplotlib", "mplfinance", "pandas", "numpy", "yaml"} | {
    "click",
    "rich",
}
"""What a run with nothing to do has no time for. (`requests` is imported by Luigi itself.)"""

IMPORT_LUIGI = {
    "btc_pipeline.steps.step": "what tasks have in common; tasks.py knows Luigi through it alone",
    "btc_pipeline.steps.history_step": "as steps",
    "btc_pipeline.targets.marker": "targets are Luigi's",
    "btc_pipeline.targets.extraction": "targets are Luigi's",
    "btc_pipeline.settings.reader": "configuration is Luigi's",
    "btc_pipeline.settings.sections": "configuration is Luigi's",
    "btc_pipeline.settings.luigi_defaults": "configuration is Luigi's",
    "btc_pipeline.steps.exit_codes": "exit codes are Luigi's",
    "btc_pipeline.commands.run": "runs Luigi's command line",
    "btc_pipeline.cli.luigi_options": "Luigi's options, by their names, and the settings under them",
}

IMPORT_AIRBYTE = {
    "btc_pipeline.coingecko.connector.process": "runs PyAirbyte, in a process of its own",
    "btc_pipeline.coingecko.connector.components": "what the manifest cannot say, loaded by the CDK in that process",
}

IMPORT_DBT = {"btc_pipeline.transform.dbt_process": "runs dbt, in a process of its own"}

TOUCH_ENVIRONMENT = {
    "btc_pipeline.settings.reader": "the reader of the environment",
    "btc_pipeline": "asks whether it is a child process, which must not pay for Luigi",
    "btc_pipeline.commands.dbt_docs": "tells dbt's profile where its empty database is",
    "btc_pipeline.system.child_process": "filters the environment for child processes",
    "btc_pipeline.transform.dbt_process": "tells dbt's profile where the database is, in the child process",
    "btc_pipeline.coingecko.connector.process": "tells PyAirbyte where it may write, in the child process",
}

RUN_AS_PROCESSES = {
    "btc_pipeline.coingecko.connector.process": "Airbyte's imports and locks end with the process",
    "btc_pipeline.coingecko.connector.components": "as the connector, which imports it",
    "btc_pipeline.transform.dbt_process": "dbt's imports and locks end with the process",
    "btc_pipeline.__main__": "a command line",
    "btc_pipeline.commands.dbt_docs": "a make target",
}

LONG_MODULES = {"btc_pipeline.tasks": "the sources of each step are still listed here"}
"""Modules of 300 lines or more, and why."""


def imports_of(node, *, everywhere):
    """The modules that a tree imports: at module level, where importing it executes them, or everywhere."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            module = child.module or ""
            yield from (
                f"{module}.{alias.name}" if f"{module}.{alias.name}" in SOURCES else module for alias in child.names
            )
        elif everywhere or not (isinstance(child, ast.FunctionDef | ast.Lambda) or is_for_types_only(child)):
            yield from imports_of(child, everywhere=everywhere)


def is_for_types_only(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def importers_of(*packages):
    """The modules that import one of the packages anywhere, types apart."""
    return {
        name for name, tree in TREES.items()
        if {imported.partition(".")[0] for imported in imports_of(tree, everywhere=True)} & set(packages)
    }  # fmt: skip


def closure(name):
    """All that is imported by importing a module."""
    seen, waiting = set(), {name}
    while waiting:
        module = waiting.pop()
        seen.add(module)
        if module in TREES:
            waiting |= set(imports_of(TREES[module], everywhere=False)) - seen
    return seen


def names_in(tree, *wanted):
    """Whether a tree mentions one of the dotted names, e.g. `os.environ`."""
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) in wanted for node in ast.walk(tree))


# --- Importing costs and does nothing


@pytest.mark.parametrize("module", ["btc_pipeline", "btc_pipeline.tasks"])
def test_importing_the_tasks_imports_nothing_heavy_by_the_sources(module):
    assert {imported.partition(".")[0] for imported in closure(module)} & HEAVY == set()


OBSERVED_IMPORT = """
import json, os, sys
import luigi, duckdb
done = []
def observe(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else False
        if writes:
            done.append([event, str(path)])
    elif event in {"os.mkdir", "os.rename", "os.remove", "os.chmod", "os.symlink", "subprocess.Popen", "os.fork",
                   "socket.connect", "socket.getaddrinfo", "os.putenv", "os.chdir"}:
        done.append([event, str(arguments[:1])])
sys.addaudithook(observe)
import btc_pipeline
done = list(done)
import logging
handlers = len(logging.getLogger("btc_pipeline").handlers)
print(json.dumps({"done": done, "modules": sorted(sys.modules), "handlers": handlers}))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What `import btc_pipeline` has done in a process of its own, in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LUIGI_", "BTC_PIPELINE_"))}
    result = subprocess.run(
        [sys.executable, "-c", OBSERVED_IMPORT],
        cwd=folder,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(result.stdout) | {"stderr": result.stderr, "files": sorted(map(str, folder.rglob("*")))}


def test_importing_the_package_imports_nothing_heavy(imported):
    assert {name.partition(".")[0] for name in imported["modules"]} & HEAVY == set()


def test_importing_the_package_writes_starts_and_asks_nothing(imported):
    assert (imported["done"], imported["files"], imported["stderr"]) == ([], [], "")


def test_importing_the_package_configures_no_logging(imported):
    assert imported["handlers"] == 0


# --- One way to do each thing


def test_only_the_warehouse_opens_duckdb():
    assert importers_of("duckdb") == {"btc_pipeline.warehouse.duckdb_files"}


def test_only_steps_targets_settings_and_the_console_know_luigi():
    assert importers_of("luigi") == set(IMPORT_LUIGI)


def test_only_the_connector_s_process_imports_airbyte():
    assert importers_of("airbyte", "airbyte_cdk", "airbyte_protocol") == set(IMPORT_AIRBYTE)


def test_only_dbt_s_process_imports_dbt():
    assert importers_of("dbt") == set(IMPORT_DBT)


def test_only_the_chart_imports_matplotlib_mplfinance_and_pandas():
    importers = importers_of("matplotlib", "mplfinance", "pandas")
    assert {name for name in importers if not name.startswith("btc_pipeline.visualize.chart.")} == {
        "btc_pipeline.visualize.process"
    }


def test_only_settings_reads_the_environment():
    touching = {
        name for name, tree in TREES.items() if names_in(tree, "os.environ", "os.environb", "os.getenv", "os.putenv")
    }
    assert touching == set(TOUCH_ENVIRONMENT)


def test_what_runs_as_a_process_is_imported_by_nothing_else():
    imported = {
        (name, module) for name, tree in TREES.items() for module in imports_of(tree, everywhere=True)
        if module in RUN_AS_PROCESSES and name not in RUN_AS_PROCESSES
    }  # fmt: skip
    assert imported == set()


@pytest.mark.parametrize("call", ["print", "input", "exec", "eval"])
def test_results_are_printed_by_command_lines_alone(call):
    callers = {
        name for name, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call
    }  # fmt: skip
    assert callers <= (
        {"btc_pipeline.coingecko.simulator.server", "btc_pipeline.commands.dbt_docs"} if call == "print" else set()
    )


def test_only_the_terminal_writes_on_standard_output():
    writers = {name for name, tree in TREES.items() if names_in(tree, "sys.stdout", "click.echo")}
    assert writers == {
        "btc_pipeline.terminal.stdout",
        "btc_pipeline.system.child_process",  # keeps a child's result apart from what it prints
        "btc_pipeline.cli.group",  # tells mistakes on stderr, as click does
    }


def test_the_tasks_know_nothing_of_the_command_line():
    importers = {
        name for name, tree in TREES.items() for module in imports_of(tree, everywhere=True)
        if module.startswith("btc_pipeline.cli") and not name.startswith("btc_pipeline.cli")
    }  # fmt: skip
    assert importers == {"btc_pipeline.__main__"}


def test_only_the_command_line_imports_click():
    assert {name for name in importers_of("click") if not name.startswith("btc_pipeline.cli.")} == set()


def test_only_the_terminal_and_the_progress_import_rich():
    assert importers_of("rich") == {"btc_pipeline.terminal.stdout", "btc_pipeline.terminal.progress"}


# --- Modules


def documented_as_alone():
    return [name for name, tree in TREES.items() if "Imports nothing of the project" in (ast.get_docstring(tree) or "")]


def test_some_modules_say_that_they_stand_alone():
    assert {"btc_pipeline.errors", "btc_pipeline.system.files"} <= set(documented_as_alone())


@pytest.mark.parametrize("name", documented_as_alone())
def test_a_module_that_says_that_it_stands_alone_does(name):
    assert [imported for imported in imports_of(TREES[name], everywhere=True) if imported in SOURCES] == []


@pytest.mark.parametrize(
    "name",
    [
        "btc_pipeline.verify.gate",
        "btc_pipeline.coingecko.responses",
        "btc_pipeline.coingecko.simulator.synthetic",
        "btc_pipeline.coingecko.simulator.coins",
        "btc_pipeline.coingecko.simulator.noise",
        "btc_pipeline.extract.requests",
        "btc_pipeline.market.pair",
        "btc_pipeline.market.candle",
        "btc_pipeline.market.formatting",
        "btc_pipeline.terminal.tables",
        "btc_pipeline.terminal.candle_chart",
        "btc_pipeline.terminal.summary_text",
    ],
)
def test_a_pure_module_imports_nothing_that_reaches_the_world(name):
    reaching = {"os", "socket", "subprocess", "urllib", "requests", "duckdb", "luigi", "time", "shutil", "tempfile"}
    assert set(imports_of(TREES[name], everywhere=True)) & reaching == set()


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_says_what_it_is_for_in_one_line_then_more(name):
    docstring = ast.get_docstring(TREES[name])
    assert docstring
    assert len(docstring.splitlines()[0]) <= 118


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_has_one_subject_and_no_junk_name(name):
    assert name.rpartition(".")[2] not in {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "misc",
        "base",
        "core",
        "tools",
    }


def test_modules_are_short():
    long = {name for name, path in SOURCES.items() if len(path.read_text(encoding="utf-8").splitlines()) >= 300}
    assert long == set(LONG_MODULES)


def test_no_module_imports_another_in_a_circle():
    edges = {
        name: {module for module in imports_of(tree, everywhere=False) if module in TREES}
        for name, tree in TREES.items()
    }
    left = set(edges)
    while free := {name for name in left if not edges[name] & left}:
        left -= free
    assert left == set()


def test_the_tasks_are_thin():
    """What each step makes is read, one call, publish: HOUSE_STYLE's ten lines."""
    runs = [
        node
        for module in ("btc_pipeline.tasks",)
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FunctionDef) and node.name == "make"
    ]
    assert len(runs) == 9
    assert {node.lineno: length for node in runs if (length := (node.end_lineno or 0) - node.lineno) > 10} == {}


def test_no_function_is_handed_a_task():
    annotated = {
        name for name, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation
        and ast.unparse(node.annotation) in {"luigi.Task", "Step", "tasks.ExtractAndLoad", "type[Step]"}
    }  # fmt: skip
    assert annotated <= {
        "btc_pipeline.steps.step",
        "btc_pipeline.steps.exit_codes",
    }  # the event handler is called by Luigi with a task


# --- dbt


def test_nothing_at_the_top_of_the_project_is_taken_by_dbt_for_a_plugin():
    """dbt imports every top-level module and package whose name starts with `dbt_`."""
    top = [path for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert [path.name for path in top if path.name.startswith("dbt_")] == []
