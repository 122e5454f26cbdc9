"""The doctor: each thing that a run needs is asked for, and what is wrong is told with what to do."""

import configparser
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from btc_pipeline.coingecko import call_ledger
from btc_pipeline.coingecko.simulator import synthetic as sample_data
from btc_pipeline.coingecko.simulator.server import ReplayServer
from btc_pipeline.commands.doctor import examination, packages
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import command_line
from btc_pipeline.system import lock
from tests.support import commands, pseudo_terminal

ROOT = Path(__file__).resolve().parents[3]
KEY = "CG-Test0123456789abcdef"
NOBODY = "http://127.0.0.1:9/api/v3"
CHECKS = [
    *("Python", "packages", "commands", "code", "import path", "imports", "settings", "variables", "luigid", "DuckDB"),
    *("data folder", "file system", "disk", "lock", "key", "API", "clock", "published"),
]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A function that makes the checks that depend on the settings: exit code, checks by name, and both as JSON."""
    monkeypatch.setenv("COINGECKO_API_KEY", "")

    def ask(*options, folder=None):
        with command_line.applied(["--pipeline-data-dir", str(folder or tmp_path / "data"), *map(str, options)]):
            found = examination.of_settings()
        shown = examination.as_json(found)
        return shown["exit_code"], {check["name"]: check for check in shown["checks"]}, json.dumps(shown)

    return ask


@pytest.fixture
def examined(tmp_path):
    """A function that types the command: exit code, checks by name, and all that was written."""

    def ask(*options, folder=None):
        arguments = ["doctor", "--json", "--pipeline-data-dir", str(folder or tmp_path / "data"), *map(str, options)]
        ended = commands.run("btc-pipeline", arguments, os.environ | {"COINGECKO_API_KEY": ""})
        checks = json.loads(ended.stdout)["checks"]
        return ended.returncode, {check["name"]: check for check in checks}, ended.stdout + ended.stderr

    return ask


def test_on_a_good_machine_the_doctor_checks_all_finds_nothing_and_makes_nothing(examined, tmp_path):
    code, checks, _ = examined("--pipeline-source", "sample")
    assert list(checks) == CHECKS
    assert (code, [check for check in checks.values() if check["state"] == "failed"]) == (0, [])
    assert list(tmp_path.iterdir()) == []


def test_that_nothing_is_published_yet_is_a_warning(asked):
    assert asked("--pipeline-source", "sample")[1]["published"]["state"] == "warning"


def test_an_api_that_does_not_answer_is_extraction_s_code(asked):
    code, checks, _ = asked("--coingecko-base-url", NOBODY)
    assert (code, checks["API"]["state"], checks["clock"]["state"]) == (20, "failed", "warning")


def test_a_bad_setting_fails_and_is_named(asked):
    code, checks, _ = asked("--pipeline-days", "0")
    assert (code, checks["settings"]["state"]) == (2, "failed")
    assert "[pipeline] days" in checks["settings"]["facts"]


def test_a_folder_that_cannot_be_made_fails(asked, tmp_path):
    (tmp_path / "file").touch()
    code, checks, _ = asked("--pipeline-source", "sample", folder=tmp_path / "file")
    assert (code, checks["data folder"]["state"]) == (2, "failed")


def test_a_published_file_that_is_damaged_is_publishing_s_code(asked, tmp_path):
    published = Workspace(tmp_path / "data", "sample").published
    published.parent.mkdir(parents=True)
    published.write_bytes(b"no database" * 100)
    code, checks, _ = asked("--pipeline-source", "sample")
    assert (code, checks["published"]["state"]) == (60, "failed")


def test_a_run_at_work_is_a_warning_that_says_who(asked, tmp_path):
    lock.hold_and_sign(Workspace(tmp_path / "data", "sample").lock)
    code, checks, _ = asked("--pipeline-source", "sample")
    assert (code, checks["lock"]["state"], f"pid={os.getpid()}" in checks["lock"]["facts"]) == (0, "warning", True)


@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o644, "failed")])
def test_a_key_that_others_can_read_fails(mode, state, asked, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(mode)
    _, checks, _ = asked("--coingecko-plan", "demo", "--coingecko-api-key-file", key, "--coingecko-base-url", NOBODY)
    assert checks["key"]["state"] == state


def test_the_key_is_never_shown(asked, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    options = ("--coingecko-plan", "demo", "--coingecko-api-key-file", key, "--coingecko-base-url", NOBODY)
    assert KEY not in asked(*options)[2]


@pytest.fixture
def looked_at(tmp_path):
    """A function that puts what a package says of itself before all others, and makes the check of packages."""

    def look(folder, metadata):
        path = tmp_path / "packages" / folder
        path.mkdir(parents=True)
        (path / "METADATA").write_text(metadata)
        ask = "from btc_pipeline.commands.doctor import installation; print(installation.required_packages())"
        environment = os.environ | {"PYTHONPATH": str(path.parent)}
        return subprocess.run(
            [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True
        ).stdout

    return look


def test_a_package_that_a_run_cannot_do_without_is_missed(looked_at):
    said = looked_at("btc_pipeline-1.dist-info", "Name: btc_pipeline\nVersion: 1\nRequires-Dist: No.Such_Plot (>=1)\n")
    assert ("state='failed'" in said, "no-such-plot" in said, "code=2" in said) == (True, True, True)


def test_what_is_required_for_an_extra_or_another_platform_is_not_missed(looked_at):
    requirements = "Requires-Dist: nosuchplot; extra == 'plots'\nRequires-Dist: nosuchos; sys_platform == 'win32'\n"
    said = looked_at("btc_pipeline-1.dist-info", f"Name: btc_pipeline\nVersion: 1\n{requirements}")
    assert "state='failed'" not in said


def test_each_package_that_the_project_requires_is_checked():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    named = {re.split("[<>=]", line)[0].lower() for line in parser["options"]["install_requires"].split()}
    assert named <= set(packages.must_have())


def test_a_package_without_a_name_is_passed_over(looked_at):
    assert "state='ok'" in looked_at("broken-1.dist-info", "")


def test_a_folder_that_no_file_system_can_have_fails_where_it_is_asked_for(asked, tmp_path):
    code, checks, said = asked("--pipeline-source", "sample", folder=tmp_path / ("x" * 300))
    assert (code, list(checks), "Traceback" in said) == (2, CHECKS[6:], False)
    assert {checks[name]["state"] for name in ("data folder", "file system", "disk")} == {"failed"}


def test_the_call_of_the_doctor_is_in_the_ledger(asked, tmp_path):
    with ReplayServer(sample_data) as server:
        _, checks, _ = asked("--coingecko-base-url", server.base_url)
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    number = call_ledger.count(Workspace(tmp_path / "data", "live").calls, "keyless", "127.0.0.1", long_ago)
    assert (checks["API"]["state"], number) == ("ok", 1)


def test_a_bad_variable_of_the_network_keeps_the_api_from_being_called(asked, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@proxy:1080")
    code, checks, said = asked("--pipeline-source", "live")
    assert (code, checks["API"]["state"], checks["clock"]["state"]) == (2, "failed", "warning")
    assert checks["API"]["facts"].startswith("not called: bad variable HTTPS_PROXY")
    assert "secret" not in said


def test_the_json_has_for_each_check_the_keys_of_the_page_and_its_exit_code(asked, tmp_path):
    published = Workspace(tmp_path / "data", "sample").published
    published.parent.mkdir(parents=True)
    published.write_bytes(b"no database" * 100)
    code, checks, _ = asked("--pipeline-source", "sample")
    assert {tuple(check) for check in checks.values()} == {("name", "state", "facts", "fix", "exit_code")}
    codes = {check["name"]: check["exit_code"] for check in checks.values()}
    assert (code, {name: each for name, each in codes.items() if each}) == (60, {"published": 60})


def test_the_page_lists_the_checks_in_their_order():
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", page.partition("| check |")[2].partition("\n\n")[0], re.MULTILINE)
    assert [name for row in rows for name in row.split(", ")] == CHECKS


@pytest.mark.long
def test_on_a_terminal_the_doctor_says_that_it_takes_some_seconds(tmp_path):
    program = Path(sys.executable).with_name("btc-pipeline")
    options = ["doctor", "--pipeline-source=sample", f"--pipeline-data-dir={tmp_path}"]
    said = pseudo_terminal.shown([program, *options], os.environ | {"TERM": "xterm"}, stream="stderr")
    assert said.splitlines() == ["The doctor starts what a run starts: some seconds ..."]
