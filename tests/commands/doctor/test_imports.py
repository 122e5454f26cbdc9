"""The doctor and imports: what hides a module of the run is named, and what a process cannot import."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.commands.doctor import imports
from btc_pipeline.steps import import_graph

ROOT = Path(__file__).resolve().parents[3]
PROCESSES = {
    "connector": ("btc_pipeline/coingecko/connector/process.py", "btc_pipeline/"),
    "dbt": ("btc_pipeline/transform/dbt_process.py", "btc_pipeline/"),
    "drawing": ("btc_pipeline/visualize/process.py", "btc_pipeline/visualize/"),
}
"""The first file of each process, and where the files lie that it uses all of."""

HIDDEN = ("calendar", "queue", "email", "random", "ssl", "tempfile", "yaml", "duckdb", "luigi")
"""Six of the standard library, three of packages."""


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """A folder on PYTHONPATH."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", HIDDEN)
def test_a_file_that_hides_a_module_of_the_run_is_named(name, foreign):
    (foreign / f"{name}.py").touch()
    check = imports.of_path()
    assert (check.state, check.code) == ("failed", 2)
    assert check.facts == f"{foreign / name}.py hides the module {name} that a run imports"
    assert f"take {foreign} from PYTHONPATH" in check.fix


def test_a_copy_of_the_project_that_hides_it_is_named(foreign):
    (foreign / "btc_pipeline").mkdir()
    (foreign / "btc_pipeline/__init__.py").touch()
    check = imports.of_path()
    assert (check.state, f"take {foreign} from PYTHONPATH" in check.fix) == ("failed", True)


def test_a_file_that_hides_what_no_run_imports_is_no_fault(foreign):
    for name in ("turtle", "antigravity", "mplfinance"):
        (foreign / f"{name}.py").touch()
    assert imports.of_path().state == "ok"


@pytest.mark.long
def test_in_the_current_folder_a_module_hides_none_from_a_command(tmp_path):
    (tmp_path / "calendar.py").touch()
    command = [sys.executable, "-m", "btc_pipeline", "doctor", "--pipeline-source=sample"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, "hides the module" in ended.stdout) == (0, False), ended.stdout


def test_a_module_that_python_runs_by_itself_is_a_warning(foreign):
    (foreign / "sitecustomize.py").write_text("print('hello')")
    ask = "from btc_pipeline.commands.doctor import imports; print(imports.of_path())"
    ended = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=os.environ)
    assert "state='warning'" in ended.stdout
    assert f"Python runs {foreign}/sitecustomize.py" in ended.stdout


BROKEN = {
    "a package that lacks a file": (
        "connector",
        "yaml",
        "import yaml_that_is_not_there",
        "ModuleNotFoundError: No mod",
    ),
    "a package that fails": ("dbt", "dbt", "raise OSError('no such library')", "OSError: no such library"),
    "one of another version": ("drawing", "mplfinance", "from pandas import Panel", "ImportError: cannot import name"),
    "a crash": ("drawing", "jinja2", "import os; os.abort()", "exit status -6"),
}


@pytest.mark.parametrize(("kind", "package", "code", "said"), BROKEN.values(), ids=BROKEN)
def test_a_process_that_cannot_import_is_named_with_the_reason(kind, package, code, said, tmp_path, monkeypatch):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(imports, "CHILDREN", {kind: imports.CHILDREN[kind]})
    with imports.started() as children:
        check = imports.of_processes(children)
    assert (check.state, check.code) == ("failed", 2)
    assert f"an import fails in the {kind} process: {said}" in check.facts


def libraries_of(start, room="btc_pipeline/"):
    """The installed packages that the files of a room import which `start` needs, without what its children need."""
    graph = import_graph.of_package(ROOT / "btc_pipeline")
    others = {first for first, _ in PROCESSES.values()} - {start}
    needed = import_graph.closure(graph, [start], passes=lambda name: name.startswith(room) and name not in others)
    trees = [ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in needed if name.endswith(".py")]
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found |= {name.partition(".")[0] for name in names}
    return {name for name in found - {"btc_pipeline"} - sys.stdlib_module_names if importlib.util.find_spec(name)}


def test_each_process_is_asked_for_all_that_it_imports():
    with imports.started() as children:
        names = {kind: set(imports._found(child)["modules"]) for kind, child in children.items()}
    lacking = {kind: libraries_of(*of_kind) - names[kind] for kind, of_kind in PROCESSES.items()}
    assert lacking == {kind: set() for kind in PROCESSES}


def test_the_run_itself_is_asked_for_all_that_it_imports():
    assert libraries_of("btc_pipeline/tasks.py") - imports._names_of_a_run() == set()
