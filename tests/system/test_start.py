"""What keeps a command from its start: told in one line with exit code 2, and nothing else is hidden by it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.system import start

PROGRAM = str(Path(sys.executable).with_name("btc-pipeline"))
ROOT = Path(__file__).resolve().parents[2]


def typed(folder, *command, **variables):
    """A command typed in a folder, without what the machine says to Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["queue", "random", "logging", "datetime", "luigi", "click", "duckdb"])
def test_a_file_on_PYTHONPATH_that_ends_the_start_is_named_in_one_line(name, tmp_path):  # noqa: N802 - its name
    (tmp_path / f"{name}.py").touch()
    ended = typed(tmp_path, PROGRAM, "doctor", "--pipeline-source=sample", PYTHONPATH=str(tmp_path))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert f"{tmp_path}/{name}.py hides the module {name} that a run imports. Next: rename it" in ended.stderr


def test_so_does_a_file_in_the_current_folder_if_python_is_started_with_m(tmp_path):
    (tmp_path / "queue.py").touch()
    ended = typed(tmp_path, sys.executable, "-m", "btc_pipeline", "status")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert f"{tmp_path}/queue.py hides the module queue" in ended.stderr


DISTURBING = {"PYTHONWARNINGS": "error"}


@pytest.mark.parametrize(("name", "value"), DISTURBING.items(), ids=DISTURBING)
def test_a_variable_that_ends_the_start_is_named_in_one_line(name, value, tmp_path):
    ended = typed(tmp_path, PROGRAM, "status", **{name: value})
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert f"Next: unset {name}" in ended.stderr


def test_a_package_that_is_missing_is_named_in_one_line(tmp_path):
    code = f"import sys; sys.path.append({str(ROOT)!r}); import btc_pipeline"
    ended = typed(tmp_path, sys.executable, "-I", "-S", "-c", code)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "a package is not installed: No module named 'luigi'" in ended.stderr


OF_OURS = (
    ValueError("ours"),
    AttributeError("ours"),
    ImportError("ours"),
    ModuleNotFoundError("ours", name="btc_pipeline.x"),
)


@pytest.mark.parametrize("error", OF_OURS)
def test_an_error_of_another_kind_is_a_bug_and_stays(error):
    start.explain(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PYTHONWARNINGS", value) for value in ("error", "error::UserWarning", "ignore, e::DeprecationWarning")),
        ("PYTHONINSPECT", "1"),
    ],
)
def test_a_variable_that_disturbs_each_command_is_told(name, value):
    assert [fault.fix for fault in start.variables({name: value})] == [f"unset {name}"]


HARMLESS = {
    "PYTHONWARNINGS": "ignore:an error,default",
    "PYTHONSTARTUP": "/elsewhere.py",
    "PYTHONOPTIMIZE": "2",
    "PYTHONINSPECT": "",
    "LUIGI_CONFIG_PARSER": "cfg",
    "DBT_TARGET": "x",
    "AIRBYTE_TEMP_DIR": "/nowhere",
    "MPLBACKEND": "x",
    "TZ": "Asia/Kolkata",
}
"""Variables that change no run: Python's own, and those that no process of a run is given."""


def test_a_harmless_variable_is_not_told():
    assert list(start.variables(HARMLESS)) == []
