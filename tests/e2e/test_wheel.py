"""The wheel works alone: in an environment without the checkout and an empty folder it draws the chart.

One wheel from the checkout, one from the sdist, and one environment, which all tests share.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import wheel
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-05-15T13:30:00Z"
SAMPLE = ("--pipeline-source", "sample", "--pipeline-now", NOW)
LUIGI = ("--module", "btc_pipeline", "Visualize", "--local-scheduler")
NOT_SHIPPED = {"__pycache__", "target", "logs", "dbt_packages"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return wheel.source_tree(tmp_path_factory.mktemp("wheel") / "tree")


@pytest.fixture(scope="module")
def sdist(tree):
    return wheel.build_sdist(tree, tree.parent / "sdist")


@pytest.fixture(scope="module")
def built(tree):
    return wheel.build_wheel(tree, tree.parent / "from_tree")


@pytest.fixture(scope="module")
def installed(built, tree):
    return wheel.install(built, tree.parent / "environment")


@dataclass(frozen=True)
class Shell:
    """An empty folder, and the programs of the environment that are called in it."""

    environment: wheel.Environment
    folder: Path

    def call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        foreign = ("LUIGI_", "COINGECKO_", "DBT_", "AIRBYTE_", "BTC_PIPELINE_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        command: list[str | Path] = [self.environment.program(program), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=kept, capture_output=True, text=True, timeout=PATIENCE, check=False
        )


@dataclass(frozen=True)
class FirstRun:
    """What `btc-pipeline run` has come to, and the files of the package before it."""

    shell: Shell
    ended: subprocess.CompletedProcess[str]
    files_before: dict[str, str]


@pytest.fixture(scope="module")
def first_run(installed, tmp_path_factory):
    shell, before = Shell(installed, tmp_path_factory.mktemp("empty")), installed.files()
    return FirstRun(shell, shell.call("btc-pipeline", "run", *SAMPLE), before)


@pytest.fixture
def empty(installed, tmp_path):
    return Shell(installed, tmp_path)


# --- What is in it


def checked_in() -> set[str]:
    """Each file of the package and of the dbt project, by where the wheel has it."""
    found = {ROOT / "btc_pipeline": "btc_pipeline", ROOT / "dbt_project": "btc_pipeline/dbt_project"}
    files = {
        (folder, path.relative_to(folder)) for folder in found for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip
    return {
        f"{found[folder]}/{path.as_posix()}" for folder, path in files
        if not NOT_SHIPPED & set(path.parts) and not path.name.startswith(".")
    }  # fmt: skip


def test_the_wheel_holds_the_package_with_the_dbt_project_in_it_and_nothing_else(built):
    shipped = {name for name in wheel.contents(built) if ".dist-info/" not in name}
    assert shipped == checked_in()


def test_the_wheel_holds_the_licences_of_all_that_is_in_it(built):
    licences = {name.rpartition("/")[2] for name in wheel.contents(built) if "/licenses/" in name}
    assert licences == {"LICENSE", "lightweight-charts-license.txt", "lightweight-charts-notice.txt"}


def test_the_sdist_builds_the_same_wheel(sdist, built):
    from_sdist = wheel.build_wheel(sdist, sdist.parent.parent / "from_sdist")
    assert wheel.contents(from_sdist) == wheel.contents(built)


# --- What it does in an empty folder


def test_the_package_is_the_wheel_s_and_not_the_checkout_s(empty):
    code = "import btc_pipeline, btc_pipeline.system.project as project; print(project.DBT_PROJECT)"
    assert empty.call("python", "-c", code).stdout.strip() == str(
        empty.environment.packages / "btc_pipeline/dbt_project"
    )


def test_run_draws_the_chart_and_writes_the_report(first_run):
    made = first_run.shell.folder / "data/sample"
    assert first_run.ended.returncode == 0, first_run.ended.stderr
    assert (made / "charts/bitcoin_usd_2026-05-15.png").read_bytes().startswith(b"\x89PNG")
    assert "Lightweight Charts" in (made / "report/2026-05-15.html").read_text()


def test_all_that_is_made_lies_in_the_data_folder(first_run):
    assert [path.name for path in first_run.shell.folder.iterdir()] == ["data"]
    prepared = first_run.shell.folder / "data/prepared"
    assert {path.name for path in prepared.iterdir()} == {
        *("data_tests.json", "parsed.json", "partial_parse.msgpack", "unit_tests.json"),
    }


def test_a_second_run_has_nothing_to_do(first_run):
    again = first_run.shell.call("luigi", *LUIGI, *SAMPLE)
    assert (again.returncode, " done " in again.stderr) == (0, False), again.stderr


def test_luigi_s_own_command_draws_the_chart(first_run):
    chart = first_run.shell.folder / "data/sample/charts/bitcoin_usd_2026-05-15.png"
    chart.unlink()
    ended = first_run.shell.call("luigi", *LUIGI, *SAMPLE)
    assert (ended.returncode, ended.stderr.count(" done "), chart.exists()) == (0, 1, True), ended.stderr


def test_the_doctor_finds_a_wheel_well(first_run):
    ended = first_run.shell.call("btc-pipeline", "doctor", "--json", *SAMPLE)
    checks = {check["name"]: check for check in json.loads(ended.stdout)["checks"]}
    assert {name: check["state"] for name, check in checks.items()} == dict.fromkeys(checks, "ok")
    assert "as btc_pipeline requires them" in checks["packages"]["facts"]
    assert ended.returncode == 0


def test_luigi_s_own_command_ends_a_failed_step_with_the_code_of_its_error(empty):
    nobody = ("--coingecko-base-url", "http://127.0.0.1:9/api/v3", "--coingecko-retries", "0")
    ended = empty.call("luigi", *LUIGI, *nobody)
    assert (ended.returncode, "Traceback" in ended.stderr) == (20, False), ended.stderr


def test_a_wrong_setting_is_exit_code_2(empty):
    (empty.folder / "luigi.cfg").write_text("[pipeline]\ndays = 0\n")
    ended = empty.call("btc-pipeline", "run", *SAMPLE)
    assert (ended.returncode, "[pipeline] days" in ended.stderr) == (2, True)


def test_nothing_is_written_into_the_installed_package(first_run):
    """Last in this file: after all that the others have called."""
    assert first_run.shell.environment.files() == first_run.files_before
