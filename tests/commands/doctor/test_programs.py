"""The doctor and what is typed: programs of an environment that was moved, and code that is not the one meant."""

import sys
from pathlib import Path

import pytest

from btc_pipeline import __version__
from btc_pipeline.commands.doctor import programs
from btc_pipeline.system.project import PACKAGE

OURS = Path(sys.executable)
NAMES = ("btc-pipeline", "dbt", "luigi")


@pytest.fixture
def environment(tmp_path):
    """A folder with a Python, and a function that writes the three programs into it, with these first lines."""
    folder = tmp_path / "environment" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(OURS)

    def write(python, code="", first_lines="#!{}\n"):
        for name in NAMES:
            (folder / name).write_text(first_lines.format(python or folder / "python") + code)
            (folder / name).chmod(0o755)
        return folder

    return write


def test_the_programs_of_this_environment_start():
    assert programs.installed().state == "ok"


FIRST_LINES = {
    "short": "#!{}\n",
    "long": "#!/bin/sh\n'''exec' {} \"$0\" \"$@\"\n' '''\n",
    "with a space": "#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\n",
}
"""How an installer writes which Python a program starts."""


@pytest.mark.parametrize("old", [f"{OURS}", "/gone/.venv/bin/python", "/gone/a b/.venv/bin/python3.11"])
@pytest.mark.parametrize("first_lines", FIRST_LINES.values(), ids=FIRST_LINES)
def test_a_program_of_a_moved_environment_fails_and_names_the_old_place(first_lines, old, environment):
    folder = environment(old, first_lines=first_lines)
    check = programs.installed(folder)
    assert (check.state, check.code) == ("failed", 2)
    is_gone = ", which is not there" if "gone" in old else ""
    assert check.facts == f"{folder}/btc-pipeline starts {old}{is_gone}: the environment was moved or copied"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.chmod(0o644)], ids=["gone", "not executable"])
def test_a_program_that_cannot_be_executed_fails(name, harm, environment):
    folder = environment(None)
    harm(folder / name)
    check = programs.installed(folder)
    assert (check.state, f"{name} not in {folder}" in check.facts) == ("failed", True)


COMPLAINTS = {
    "import": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "exit": ("import sys; sys.exit('no licence')", "no licence"),
    "crash": ("import os; os.abort()", "exit status -6"),
}


@pytest.mark.parametrize(("code", "said"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_luigi_that_does_not_start_fails_and_says_why(code, said, environment):
    check = programs.installed(environment(None, code))
    assert (check.state, said in check.facts) == ("failed", True)


def test_the_code_of_this_project_is_the_one_that_runs():
    assert programs.code().state == "ok"


@pytest.fixture
def another(tmp_path):
    """Another checkout of this project."""
    folder = tmp_path / "another"
    (folder / "btc_pipeline").mkdir(parents=True)
    (folder / "btc_pipeline/__init__.py").touch()
    (folder / "setup.cfg").touch()
    return folder


def test_an_environment_that_runs_the_code_of_another_folder_than_its_own_fails(another, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(another / ".venv"))
    check = programs.code()
    assert (check.state, check.fix) == ("failed", f"make clean install in {another}")
    assert check.facts == f"the environment lies in {another}, but the code of {PACKAGE.parent} runs"


def test_in_another_checkout_the_doctor_warns_whose_code_runs(another, monkeypatch):
    monkeypatch.chdir(another)
    check = programs.code()
    assert (check.state, str(another) in check.facts, str(PACKAGE.parent) in check.facts) == ("warning", True, True)


def test_a_version_that_is_not_the_installed_one_is_a_warning(tmp_path, monkeypatch):
    (tmp_path / "btc_pipeline-0.9.dist-info").mkdir()
    (tmp_path / "btc_pipeline-0.9.dist-info/METADATA").write_text("Name: btc_pipeline\nVersion: 0.9\n")
    monkeypatch.syspath_prepend(tmp_path)
    check = programs.code()
    assert (check.state, f"is version {__version__}, but 0.9 was installed" in check.facts) == ("warning", True)


def test_a_folder_that_was_removed_does_not_matter(tmp_path, monkeypatch):
    (tmp_path / "removed").mkdir()
    monkeypatch.chdir(tmp_path / "removed")
    (tmp_path / "removed").rmdir()
    assert programs.code().state == "ok"
