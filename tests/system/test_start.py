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


NAMES = ["queue", "random", "logging", "datetime", "luigi", "click", "duckdb", "yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_no_file_on_PYTHONPATH_hides_a_module_from_a_command(name, tmp_path):  # noqa: N802 - its name
    (tmp_path / f"{name}.py").write_text("raise SystemExit('mine')")
    ended = typed(tmp_path, PROGRAM, "status", "--pipeline-source=sample", PYTHONPATH=str(tmp_path))
    assert (ended.returncode, "mine" in ended.stderr) == (0, False), ended.stderr


def test_nor_does_one_in_the_current_folder_if_python_is_started_with_m(tmp_path):
    (tmp_path / "queue.py").write_text("raise SystemExit('mine')")
    ended = typed(tmp_path, sys.executable, "-m", "btc_pipeline", "status")
    assert (ended.returncode, "mine" in ended.stderr) == (0, False), ended.stderr


def test_a_module_that_lies_on_PYTHONPATH_alone_is_found(tmp_path):  # noqa: N802 - its name
    (tmp_path / "my_tasks.py").write_text("import luigi\nclass Mine(luigi.WrapperTask):\n    pass\n")
    luigi = str(Path(sys.executable).with_name("luigi"))
    code = "import btc_pipeline\nfrom my_tasks import Mine\n"
    (tmp_path / "both.py").write_text(code)
    ended = typed(tmp_path, luigi, "--module", "both", "Mine", "--local-scheduler", PYTHONPATH=str(tmp_path))
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", [name for name in NAMES if name != "yaml"])
def test_a_file_that_ends_the_import_of_the_package_is_named_in_one_line(name, tmp_path):
    (tmp_path / f"{name}.py").touch()
    ended = typed(
        tmp_path,
        sys.executable,
        "-c",
        f"import btc_pipeline, {name}\nfrom btc_pipeline.cli import app",
        PYTHONPATH=str(tmp_path),
    )
    if ended.returncode == 2:
        assert ended.stderr.count("\n") == 1
        assert f"{tmp_path}/{name}.py hides the module {name} that a run imports. Next: rename it" in ended.stderr


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
