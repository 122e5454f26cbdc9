"""Set-up: the Makefile, the search for a Python, the locks and what CI calls."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from btc_pipeline.warehouse import duckdb_release
from tests.support.patience import PATIENCE
from tests.support.swept import swept

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements-pip.lock", "requirements.lock", "requirements-dev.lock", "requirements-tools.lock"]
TARGET = re.compile(r"^([a-z][a-z-]*):(.*)", re.MULTILINE)


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person would: without what the make around these tests has put into the environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def make_targets() -> set[str]:
    return {name for name, _ in TARGET.findall((ROOT / "Makefile").read_text())}


@pytest.fixture
def clone(tmp_path):
    """What make needs of a fresh clone in order to install."""
    folder = tmp_path / "clone"
    (folder / ".ci").mkdir(parents=True)
    for name in ["Makefile", ".ci/find-python", ".ci/pip_install.py", "setup.cfg", "pyproject.toml", *LOCKS]:
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def installed(clone):
    """A clone whose .venv is complete, as far as make can tell."""
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").symlink_to(sys.executable)
    python = Path(sys.executable).resolve()
    (clone / ".venv/.installed").write_text(f"{clone.resolve()} {python}\n")
    (clone / ".venv/.installed-dev").touch()
    return clone


def is_installed(folder: Path, *arguments: str) -> bool:
    """Whether make would do nothing."""
    result = make(folder, "-q", *(arguments or (".venv/.installed",)))
    assert result.returncode in (0, 1), result.stderr
    return result.returncode == 0


class Pythons:
    """A folder to be the whole PATH, for programs that answer like a Python."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder)

    def add(self, name: str, answer: str, exit_code: int = 0) -> str:
        program = Path(self.path, name)
        program.write_text(f"#!/bin/sh\necho '{answer}'\nexit {exit_code}\n")
        program.chmod(0o755)
        return str(program)


@pytest.fixture
def pythons(tmp_path):
    (tmp_path / "bin").mkdir()
    return Pythons(tmp_path / "bin")


# --- make


def test_every_make_target_has_a_line_of_help():
    without = [name for name, rest in TARGET.findall((ROOT / "Makefile").read_text()) if " ## " not in rest]
    assert without == []


def test_make_alone_prints_every_target():
    result = make(ROOT)
    assert result.returncode == 0
    assert set(re.findall(r"^make ([a-z-]+) ", result.stdout, re.MULTILINE)) == make_targets()


def test_make_targets_are_phony():
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == make_targets()


def test_clean_leaves_the_data_alone(installed):
    for built in ("data/live", "btc_pipeline/__pycache__"):
        (installed / built).mkdir(parents=True)
    assert make(installed, "clean").returncode == 0
    assert not (installed / ".venv").exists()
    assert not (installed / "btc_pipeline/__pycache__").exists()
    assert (installed / "data/live").exists()


def test_a_finished_installation_is_not_repeated(installed):
    assert is_installed(installed)


@pytest.mark.parametrize("name", ["requirements-pip.lock", "requirements.lock", "setup.cfg"])
def test_a_changed_lock_is_installed(installed, name):
    later = (installed / ".venv/.installed").stat().st_mtime + 1
    os.utime(installed / name, (later, later))
    assert not is_installed(installed)


def test_an_interrupted_installation_is_repeated(installed):
    (installed / ".venv/.installed").unlink()
    assert not is_installed(installed)


def test_a_venv_whose_python_has_gone_is_built_anew(installed):
    (installed / ".venv/bin/python").unlink()
    (installed / ".venv/bin/python").symlink_to("/nowhere/python3.11")
    assert not is_installed(installed)


def test_a_failed_installation_leaves_no_stamp(installed, pythons):
    (installed / ".venv/.installed").touch()
    Path(pythons.path, "rm").symlink_to(shutil.which("rm") or "rm")
    pythons.add("python3.11", f"3.11.7 {pythons.add('fails', 'no space left', exit_code=1)}")
    result = make(installed, "install", PYTHON="python3.11", PATH=pythons.path)
    assert result.returncode == 2
    assert "no space left" in result.stdout
    assert list((installed / ".venv").glob(".installed*")) == []


# --- which folder, which Python


@pytest.mark.parametrize("name", ["renamed", "with a space", "été"])
def test_a_venv_whose_folder_was_renamed_is_built_anew(installed, name):
    renamed = installed.rename(installed.with_name(name))
    assert not is_installed(renamed)
    (renamed / ".venv/.installed").write_text(f"{renamed.resolve()} {Path(sys.executable).resolve()}\n")
    assert is_installed(renamed)


def test_a_venv_that_was_copied_with_its_folder_is_built_anew(installed):
    copied = shutil.copytree(installed, installed.with_name("copied"), symlinks=True)
    assert not is_installed(copied)
    assert is_installed(installed)


def test_a_venv_is_built_anew_if_only_a_link_stands_where_its_folder_was(installed):
    moved = installed.rename(installed.with_name("moved"))
    installed.symlink_to(moved)
    assert not is_installed(moved)
    assert not is_installed(installed)


def test_a_folder_may_be_entered_by_a_link(installed):
    link = installed.with_name("link")
    link.symlink_to(installed)
    assert is_installed(link)


@pytest.mark.parametrize("tools", [".venv/.installed-dev", *swept([".venv/.installed-tools"])])
def test_the_tools_of_a_copied_venv_are_installed_anew(installed, tools):
    (installed / tools).touch()
    assert is_installed(installed, tools)
    copied = shutil.copytree(installed, installed.with_name("copied"), symlinks=True)
    assert not is_installed(copied, tools)


def test_a_venv_whose_python_is_another_one_is_built_anew(installed):
    other = installed / "python3.10"
    other.touch()
    os.utime(other, (0, 0))  # as a package brings it: older than .venv
    (installed / ".venv/bin/python").unlink()
    (installed / ".venv/bin/python").symlink_to(other)
    assert not is_installed(installed)


def test_a_venv_of_another_python_than_the_one_asked_for_is_built_anew(installed, pythons):
    assert is_installed(installed, "install", f"PYTHON={sys.executable}")
    assert not is_installed(installed, "install", f"PYTHON={pythons.add('mine', f'3.10.1 {pythons.path}/mine')}")


def test_a_stamp_of_an_older_version_says_nothing(installed):
    (installed / ".venv/.installed").write_text("")
    assert not is_installed(installed)


@pytest.mark.parametrize("name", ["PYTHONHOME", *swept(["PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSAFEPATH"])])
def test_make_hides_the_variables_that_lead_to_other_modules(installed, name):
    (installed / ".venv/bin/python").unlink()
    program = installed / ".venv/bin/python"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    (installed / ".venv/.installed").write_text(f"{installed.resolve()} {program.resolve()}\n")
    result = make(installed, "run", **{name: "/nowhere"})
    assert result.returncode == 0
    assert "PATH=" in result.stdout
    assert name not in result.stdout


# --- which Python


@pytest.mark.parametrize("version", ["2.7.18", "3.9.18", "3.13.0", "3.14.1"])
def test_another_python_gets_one_line_with_the_versions_that_serve(clone, pythons, version):
    pythons.add("python3", f"{version} /usr/bin/python3")
    result = make(clone, "run", PATH=pythons.path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "3.10, 3.11 or 3.12" in result.stderr
    assert f"python3 is {version}" in result.stderr
    assert "make run PYTHON=" in result.stderr


def test_no_python_gets_the_same_line(clone, pythons):
    result = make(clone, "test", PATH=pythons.path)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "3.10, 3.11 or 3.12. Found: no Python at all." in result.stderr


def test_a_python_without_venv_is_told_apart(clone, pythons):
    pythons.add("python3", "3.11.2")
    result = make(clone, "run", PATH=pythons.path)
    assert len(result.stderr.splitlines()) == 1
    assert "python3 is 3.11.2 without venv (Debian: apt install python3.11-venv)" in result.stderr


def find_python(**environment: str) -> str:
    script = ["/bin/sh", str(ROOT / ".ci/find-python")]
    return subprocess.run(
        script, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    ).stdout.strip()


def test_a_shim_that_fails_is_passed_over(pythons):
    pythons.add("python3.12", "no such version", exit_code=127)
    pythons.add("python3.10", "3.10.13 /good/python3.10")
    assert find_python(PATH=pythons.path) == "/good/python3.10"


def test_a_newer_default_python_does_not_hide_one_that_serves(pythons):
    pythons.add("python3", "3.13.0 /new/python3")
    pythons.add("python", "3.12.1 /good/python")
    assert find_python(PATH=pythons.path) == "/good/python"


def test_the_python_asked_for_is_taken_or_refused_never_replaced(pythons):
    pythons.add("python3.12", "3.12.1 /good/python3.12")
    assert find_python(PATH=pythons.path, PYTHON=pythons.add("mine", "3.10.1 /mine")) == "/mine"
    assert "old is 3.8.18" in find_python(PATH=pythons.path, PYTHON=pythons.add("old", "3.8.18 /old"))
    assert "gone does not exist" in find_python(PATH=pythons.path, PYTHON="gone")


def test_a_python_is_found_though_a_variable_is_for_another_one():
    assert find_python(PYTHON=sys.executable, PYTHONHOME="/nowhere").startswith("/")


def test_the_probe_tells_the_truth_about_a_real_python():
    found = find_python(PYTHON=sys.executable)
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.split()[1] == ".".join(map(str, sys.version_info[:3]))


# --- locks


def entries(lock: str) -> list[str]:
    """The requirements of a lock file, each with its hashes on the line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_each_locked_package_has_one_version_and_hashes(lock):
    without = [line for line in entries(lock) if not re.match(r"[^ =].*==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert entries(lock)
    assert without == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host_and_no_folder(lock):
    assert not re.search(r"://|--(extra-)?index-url|--find-links|(?m:^#.*\s/)", (ROOT / lock).read_text())


def requirements(text: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("-")}


def test_setup_cfg_and_requirements_in_agree():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    direct = requirements(setup["options"]["install_requires"])
    assert requirements((ROOT / "requirements.in").read_text()) == direct | {"pytest", "pytest-xdist", "setuptools"}


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev", "requirements-tools"])
def test_direct_dependencies_are_locked(stem):
    locked = {re.split(r"[=\[]", line)[0] for line in entries(f"{stem}.lock")}
    asked = {re.split(r"[^\w-]", line)[0].lower() for line in requirements((ROOT / f"{stem}.in").read_text())}
    assert asked - locked == set()


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-tools.lock"])
def test_the_tools_do_not_change_what_the_pipeline_runs_on(lock):
    runtime = {line.split()[0] for line in entries("requirements.lock")}
    names = {pin.split("==")[0] for pin in runtime}
    both = {line.split()[0] for line in entries(lock) if line.split("==")[0] in names}
    assert both - runtime == set()


def overrides() -> list[Requirement]:
    return [Requirement(line) for line in requirements((ROOT / "requirements-override.in").read_text())]


def test_what_is_installed_fits_together():
    """All but the pins that requirements-override.in overrides, and each of these has to be (docs/decisions/0015)."""
    result = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    against = {
        re.sub(r".* has requirement ([\w-]+).*, but you have .*\.", r"\1", line) for line in result.stdout.splitlines()
    }
    assert {name.lower() for name in against} == {each.name for each in overrides()}


def test_the_lock_takes_what_overrides_a_pin():
    pins = [Requirement(line.split("--hash")[0].strip()) for line in entries("requirements.lock")]
    for each in overrides():
        versions = [str(pin.specifier).removeprefix("==") for pin in pins if pin.name == each.name]
        assert versions
        assert [version for version in versions if version not in each.specifier] == []
    assert Requirement(f"duckdb=={duckdb_release.LOCKED}") in pins


def test_what_overrides_a_pin_says_why():
    lines = (ROOT / "requirements-override.in").read_text().splitlines()
    assert [line for line in lines if not re.search(r"^$|^#|^duckdb==|  # [\w-]+: [<=]\S+;", line)] == []


@pytest.mark.parametrize("package", ["airbyte", "airbyte_cdk", "dbt", "duckdb", "luigi", "mplfinance"])
def test_bytecode_is_compiled(package):
    spec = find_spec(package)
    assert spec
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    without = [path for path in folder.rglob("*.py") if not Path(cache_from_source(str(path))).exists()]
    assert without == []


# --- CI


def test_ci_calls_only_make_targets_that_exist():
    called = re.findall(r"^step make ([a-z-]+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert {"browser", "check", "test", "tools", "sweep"} <= set(called) <= make_targets()


def test_the_workflow_runs_the_same_script_on_every_python_that_serves():
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["ci"]
    assert job["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]


WORKFLOWS = [path.name for path in (ROOT / ".github/workflows").iterdir()]


def test_the_advisories_are_asked_for_each_week_and_for_every_python_that_serves():
    workflow = yaml.safe_load((ROOT / ".github/workflows/audit.yml").read_text())
    job = workflow["jobs"]["audit"]
    assert workflow[True]["schedule"]  # YAML reads `on` as true
    assert job["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make audit"]


def test_the_audit_asks_about_each_lock_and_leaves_out_only_what_a_decision_names():
    command = make(ROOT, "-n", "audit").stdout
    assert {lock for lock in LOCKS if f"-r {lock}" in command} == set(LOCKS)
    assert "--strict" in command  # without: what cannot be asked about counts as good
    assert re.findall(r"--ignore-vuln (\S+)", command) == ["CVE-2026-32274"]
    assert "CVE-2026-32274" in (ROOT / "docs/decisions/0015-no-pin-with-a-known-advisory.md").read_text()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_workflow_pins_its_actions_by_commit(name):
    uses = re.findall(r"uses: (.*)", (ROOT / ".github/workflows" / name).read_text())
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_workflow_may_only_read(name):
    workflow = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
