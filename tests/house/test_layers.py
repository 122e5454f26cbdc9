"""The architecture as rules, checked over the sources; each exception is named here, with its reason."""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import luigi
import pytest

from btc_pipeline import tasks
from btc_pipeline.targets import duckdb_table, extraction, marker, publication
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "btc_pipeline"
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}

ROOMS = [
    *("errors", "market", "coingecko.simulator"),
    "system",
    "settings",
    *("observe", "warehouse", "lake", "visualize.chart"),
    *("coingecko", "targets", "publish", "terminal", "visualize.report"),
    *("coingecko.connector", "verify", "visualize", "steps"),
    "extract",
    "transform",
    *("tasks", "selftest"),
    "commands",
    "cli",
]
"""From the ground up: a room may import those that stand before it."""

HEAVY = {"airbyte", "airbyte_cdk", "airbyte_protocol", "dbt", "matplotlib", "mplfinance", "pandas", "numpy", "yaml"} | {
    "click",
    "duckdb",
    "rich",
}
"""What a run with nothing to do has no time for. (`requests` is imported by Luigi itself.)"""

MAY_IMPORT = {
    "luigi": ["steps.", "targets.", "settings.", "commands.run", "cli.luigi_options"],
    "duckdb": ["warehouse.duckdb_files"],
    "airbyte": ["coingecko.connector."],
    "airbyte_cdk": ["coingecko.connector."],
    "dbt": ["transform.dbt_session"],
    "matplotlib": ["visualize.chart."],
    "mplfinance": ["visualize.chart.", "visualize.process"],
    "pandas": ["visualize.chart."],
    "click": ["cli."],
    "rich": ["terminal."],
}
"""Who may import a library; a name that ends with a dot is a room."""

TOUCH_ENVIRONMENT = {
    "btc_pipeline.settings.luigi_cfg": "where Luigi's settings are",
    "btc_pipeline.settings.api_key": "the key may be there",
    "btc_pipeline": "asks whether it is a child process, which must not pay for Luigi",
    "btc_pipeline.commands.dbt_docs": "tells dbt's profile where its empty database is",
    "btc_pipeline.system.child_process": "filters the environment for child processes",
    "btc_pipeline.system.import_path": "PYTHONPATH is there",
    "btc_pipeline.system.start": "variables of Python and Luigi are there",
    "btc_pipeline.transform.dbt_session": "tells dbt's profile where the database is, in the child process",
    "btc_pipeline.coingecko.connector.process": "tells PyAirbyte where it may write, in the child process",
    "btc_pipeline.coingecko.network_variables": "proxies and certificates are there",
    "btc_pipeline.visualize.process": "keeps matplotlib from the settings of its user, in the child process",
}

STARTED_BY_NAME = {
    "btc_pipeline.coingecko.connector.process": "Airbyte's imports and locks end with the process",
    "btc_pipeline.transform.dbt_process": "dbt's imports and locks end with the process",
    "btc_pipeline.visualize.process": "matplotlib's imports end with the process",
    "btc_pipeline.__main__": "a command line",
    "btc_pipeline.commands.doctor.imports_process": "what it imports ends with the process",
    "btc_pipeline.commands.dbt_docs": "make docs",
    "btc_pipeline.commands.prepare": "make install",
}

MAKE_TARGETS = {
    "btc_pipeline.coingecko.simulator.server",
    "btc_pipeline.commands.dbt_docs",
    "btc_pipeline.commands.step_sources",
}
"""Modules that a person or make runs with `python -m`; they print their result."""

MUTABLE = {
    "btc_pipeline.coingecko.connector.components.key_header": "what the CDK's classes need, which it makes itself",
    "btc_pipeline.coingecko.connector.components.syncs": "as the key's header",
    "btc_pipeline.observe.run_state.CURRENT": "what has happened in this run",
    "btc_pipeline.steps.parameters._loaded": "the settings of this command line",
    "btc_pipeline.system.child_process._events": "the child's end of the pipe",
    "btc_pipeline.system.signals._at_work": "the step that a signal is to stop",
    "btc_pipeline.system.signals._stopped_by": "the signal that has stopped it",
    "btc_pipeline.system.lock._held": "the lock of this process",
    "btc_pipeline.system.prestarted._started": "children that wait for their job",
    "btc_pipeline.targets.duckdb_table._seen": "databases that have been looked into",
    "btc_pipeline.terminal.progress._at": "what long work is at",
    "btc_pipeline.terminal.progress._bar": "the bar on the terminal",
}
"""Module state that changes while a process lives. The list may get shorter."""

TWO_HOMES: dict[str, str] = {}
"""Public class names with more than one home, and why."""

LONG_MODULES = {"btc_pipeline.tasks": "the whole DAG in one file"}
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


def room_of(module):
    """The room of a module: the longest name of a room that its own begins with; None for the package itself."""
    inner = module.removeprefix("btc_pipeline").removeprefix(".")
    return max((room for room in ROOMS if f"{inner}.".startswith(f"{room}.")), key=len, default=None)


def room_graph():
    """For each room the rooms that its modules import, types included."""
    graph: dict[str, set[str]] = {room: set() for room in ROOMS}
    for name, tree in TREES.items():
        if (room := room_of(name)) is not None:
            imported = {room_of(each) for each in imports_of(tree, everywhere=True) if each in SOURCES}
            graph[room] |= imported - {room, None}
    return graph


GRAPH = room_graph()


# --- Rooms


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room):
    assert GRAPH[room] <= set(ROOMS[: ROOMS.index(room)])


def test_each_module_has_a_room():
    assert [name for name in SOURCES if room_of(name) is None] == ["btc_pipeline", "btc_pipeline.__main__"]


def test_the_root_of_the_package_holds_what_belongs_to_no_room():
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == {
        *("__init__.py", "__main__.py", "errors.py", "py.typed", "tasks.py"),
    }


def test_the_house_fits_on_one_page():
    assert len(ROOMS) + len(["__init__", "__main__"]) <= 30


@pytest.mark.parametrize("room", [room for room in ROOMS if (PACKAGE / room.replace(".", "/")).is_dir()])
def test_a_room_says_its_subject_and_what_it_may_import(room):
    docstring = ast.get_docstring(TREES[f"btc_pipeline.{room}"]) or ""
    said = re.search(r"^May import: ([\w ,.\n]+?)\.(?: |$)", docstring, re.MULTILINE)
    assert said, "the docstring of its __init__ has a line `May import: errors, market.`"
    listed = [] if said[1] == "nothing of the project" else re.split(r",\s+", said[1])
    assert listed == [each for each in ROOMS if each in GRAPH[room]]
    assert len(TREES[f"btc_pipeline.{room}"].body) == 1, "it holds its docstring and nothing else"


@pytest.mark.parametrize("room", [room for room in ROOMS if (PACKAGE / room.replace(".", "/")).is_dir()])
def test_the_tests_mirror_the_rooms(room):
    folder = ROOT / "tests" / room.replace(".", "/")
    assert list(folder.rglob("test_*.py")), f"tests/{folder.name} holds the tests of the room {room}"


def test_the_page_on_architecture_has_the_same_rooms():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `([\w/]+(?:/|\.py))` \| .+ \|$", page, re.MULTILINE)
    assert [room.removesuffix(".py").strip("/").replace("/", ".") for room in rooms] == ROOMS


# --- Importing costs and does nothing


@pytest.mark.parametrize("module", ["btc_pipeline", "btc_pipeline.tasks"])
def test_importing_the_tasks_imports_nothing_heavy_by_the_sources(module):
    assert {imported.partition(".")[0] for imported in closure(module)} & HEAVY == set()


OBSERVED_IMPORT = """
import json, os, sys
import luigi
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
        timeout=PATIENCE,
    )
    return json.loads(result.stdout) | {"stderr": result.stderr, "files": sorted(map(str, folder.rglob("*")))}


def test_importing_the_package_imports_nothing_heavy(imported):
    assert {name.partition(".")[0] for name in imported["modules"]} & HEAVY == set()


def test_importing_the_package_writes_starts_and_asks_nothing(imported):
    assert (imported["done"], imported["files"], imported["stderr"]) == ([], [], "")


def test_importing_the_package_configures_no_logging(imported):
    assert imported["handlers"] == 0


# --- One way to do each thing


def may_import(library, module):
    inner = f"{module.removeprefix('btc_pipeline.')}."
    return any(inner.startswith(f"{place.rstrip('.')}.") for place in MAY_IMPORT[library])


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_a_library_is_imported_by_its_own_room(library):
    assert {name for name in importers_of(library) if not may_import(library, name)} == set()


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_nobody_is_allowed_a_library_without_need(library):
    importers = {f"{name.removeprefix('btc_pipeline.')}." for name in importers_of(library)}
    idle = {place for place in MAY_IMPORT[library] if not any(each.startswith(place) for each in importers)}
    assert idle == set()


def test_only_settings_reads_the_environment():
    touching = {
        name for name, tree in TREES.items() if names_in(tree, "os.environ", "os.environb", "os.getenv", "os.putenv")
    }
    assert touching == set(TOUCH_ENVIRONMENT)


def test_what_is_started_by_name_is_imported_by_nothing():
    imported = {
        (name, module) for name, tree in TREES.items() for module in imports_of(tree, everywhere=True)
        if module in STARTED_BY_NAME
    }  # fmt: skip
    assert imported == set()


def test_a_process_says_by_its_name_that_it_is_one():
    assert {name for name in SOURCES if name.endswith("process")} - {"btc_pipeline.system.child_process"} <= set(
        STARTED_BY_NAME
    )


@pytest.mark.parametrize("call", ["print", "input", "exec", "eval"])
def test_results_are_printed_by_command_lines_alone(call):
    callers = {
        name for name, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call
    }  # fmt: skip
    assert callers <= (MAKE_TARGETS if call == "print" else set())


def test_only_the_terminal_writes_on_standard_output():
    writers = {name for name, tree in TREES.items() if names_in(tree, "sys.stdout", "click.echo")}
    assert writers == {
        "btc_pipeline.terminal.stdout",
        "btc_pipeline.system.child_process",  # keeps a child's result apart from what it prints
        "btc_pipeline.cli.group",  # tells mistakes on stderr, as click does
    }


def test_only_the_start_imports_the_command_line():
    importers = {
        name for name, tree in TREES.items() for module in imports_of(tree, everywhere=True)
        if module.startswith("btc_pipeline.cli") and not name.startswith("btc_pipeline.cli")
    }  # fmt: skip
    assert importers == {"btc_pipeline.__main__"}


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
        "btc_pipeline.settings.bounds",
        "btc_pipeline.settings.charts",
        "btc_pipeline.settings.plans",
        "btc_pipeline.settings.rows",
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
    assert len(runs) == 10
    lengths = {node.lineno: (node.end_lineno or 0) - node.lineno for node in runs}
    for node in runs:  # the imports of its room, and the line below them, make nothing
        imports = sum(isinstance(each, ast.ImportFrom) for each in node.body)
        lengths[node.lineno] -= imports + (imports > 0)
    assert {line: length for line, length in lengths.items() if length > 10} == {}


def luigi_names():
    """The names of all tasks and targets of the project."""
    modules = (tasks, duckdb_table, extraction, marker, publication)
    found = {name for module in modules for name, value in vars(module).items() if inspect.isclass(value)
             and issubclass(value, luigi.Task | luigi.Target)}  # fmt: skip
    return found | {"luigi.Task", "luigi.Target"}


def test_no_function_is_handed_a_task_or_a_target():
    names = luigi_names()
    assert {"Visualize", "Step", "DuckDBTarget", "Marker", "Extraction"} <= names
    handed = {
        (name, ast.unparse(node.annotation)) for name, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.arg) and node.annotation and room_of(name) not in {"steps", "targets", "tasks"}
        and set(re.findall(r"[\w.]+", ast.unparse(node.annotation))) & names
    }  # fmt: skip
    assert handed == {
        ("btc_pipeline.commands.step_states", "Sequence[type[Step]]"),
    }  # which look at the chain itself


def is_mutable(value):
    """Whether a module's value may change: a list, dict or set that is empty at first, or an object made by a call."""
    if isinstance(value, ast.List | ast.Dict | ast.Set):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "RunState"


def mutable_state():
    """Names of module state that changes: empty containers, run states, and what a function declares global."""
    for name, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and is_mutable(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (f"{name}.{ast.unparse(target)}" for target in targets)
        for within in ast.walk(tree):
            if isinstance(within, ast.Global):
                yield from (f"{name}.{each}" for each in within.names)


def test_modules_hold_no_state_but_what_is_named():
    assert set(mutable_state()) == set(MUTABLE)


def test_a_public_class_has_one_home():
    homes = defaultdict(set)
    for name, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(name)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):  # a name of a type
                homes[ast.unparse(node.targets[0])].add(name)
    assert {each: names for each, names in homes.items() if len(names) > 1 and not each.startswith("_")}.keys() == (
        TWO_HOMES.keys()
    )


# --- dbt


def test_nothing_at_the_top_of_the_project_is_taken_by_dbt_for_a_plugin():
    """dbt imports every top-level module and package whose name starts with `dbt_`."""
    top = [path for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert [path.name for path in top if path.name.startswith("dbt_")] == []


BODIES = {
    "verify.stored": "the one that asks the ledger of exceptions, and the gate",
    "extract.daily": "whether the day's answer is whole, after asking the ledger",
    "extract.fetch": "whether the cache holds what this run has just fetched",
    "transform.quarantine": "whether a quarantined answer has the same values",
    "commands.answers": "whether an answer is whole, before a person decides about it",
    "commands.record": "what it has just fetched",
    "commands.why": "to show it, with what the ledger says",
    "selftest.days_after": "its own sample's answer, to be spoilt",
    "selftest.run": "its own sample's answer, to be spoilt",
}
"""Who reads the body of an archived answer, and why. All others ask `verify.stored`, and so the ledger."""


def reads_bodies(tree):
    """Whether a module calls `something.read(the archive's folder)`."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and node.args
        and ast.unparse(node.args[0]).rpartition(".")[2] == "raw"
        and ast.unparse(node.func.value) != "exceptions"
        for node in ast.walk(tree)
    )


def test_the_archive_is_read_through_the_ledger_of_exceptions():
    found = {name.removeprefix("btc_pipeline.") for name, tree in TREES.items() if reads_bodies(tree)}
    assert found == set(BODIES)
