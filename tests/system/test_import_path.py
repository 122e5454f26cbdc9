"""The import path of a run's processes, and what hides a module: asked of a Python that starts with these variables."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json
from btc_pipeline.system import import_path
print(json.dumps([import_path.of_child(), import_path.hiding(), import_path.started_with()]))
"""
NAMES = ("calendar", "queue", "email", "random", "ssl", "statistics", "yaml", "tenacity", "rich")
"""Six of the standard library, three of packages."""


def ask(folder, **variables):
    """The import path of a child, what hides a module, and what Python has run, for a program in this folder."""
    environment = os.environ | {"BTC_PIPELINE_CHILD": "1", "PYTHONPATH": ""} | variables
    code = f"import sys; sys.path.append({str(ROOT)!r}); exec({ASK!r})"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture
def foreign(tmp_path):
    """A folder for modules of somebody's."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    return folder


def test_nothing_is_hidden_on_a_good_machine(tmp_path):
    assert ask(tmp_path)[1:] == [{}, []]


@pytest.mark.parametrize("where", ["the current folder", "PYTHONPATH"])
@pytest.mark.parametrize("name", NAMES)
def test_a_module_that_hides_another_is_named_with_its_file(name, where, foreign, tmp_path):
    (foreign / f"{name}.py").touch()
    variables = {"PYTHONPATH": str(foreign)} if where == "PYTHONPATH" else {}
    assert ask(tmp_path if variables else foreign, **variables)[1] == {name: str(foreign / f"{name}.py")}


def test_another_copy_of_the_project_is_named(foreign, tmp_path):
    shutil.copytree(ROOT / "btc_pipeline/system", foreign / "btc_pipeline/system")
    shutil.copy(ROOT / "btc_pipeline/__init__.py", foreign / "btc_pipeline")
    hiding = ask(tmp_path, PYTHONPATH=str(foreign))[1]
    assert hiding == {"btc_pipeline": str(foreign / "btc_pipeline/__init__.py")}


@pytest.mark.parametrize("name", ["not_of_python", "sys", "zipimport"])
def test_a_module_that_hides_none_is_not_named(name, foreign, tmp_path):
    (foreign / f"{name}.py").touch()
    (foreign / "yaml").mkdir()
    assert ask(tmp_path, PYTHONPATH=str(foreign))[1] == {}


@pytest.mark.parametrize("way", ["as it is", "a link"])
def test_the_project_s_own_folder_on_the_path_hides_nothing_of_it(way, tmp_path):
    (tmp_path / "link").symlink_to(ROOT)
    named = ROOT if way == "as it is" else tmp_path / "link"
    assert "btc_pipeline" not in ask(tmp_path, PYTHONPATH=str(named))[1]


def test_a_folder_that_is_a_package_hides_nothing(foreign, tmp_path):
    (foreign / "__init__.py").touch()
    assert ask(tmp_path, PYTHONPATH=str(foreign))[1] == {}


def test_a_module_that_python_runs_by_itself_is_named(foreign, tmp_path):
    (foreign / "sitecustomize.py").write_text("print('hello')")
    assert ask(tmp_path, PYTHONPATH=str(foreign))[2] == [str(foreign / "sitecustomize.py")]


def test_python_s_own_packages_are_handed_on_if_the_variable_names_them(tmp_path):
    packages = [folder for folder in ask(tmp_path)[0] if folder.endswith("site-packages")]
    assert packages
    assert ask(tmp_path, PYTHONPATH=packages[0])[0].count(packages[0]) == 1
