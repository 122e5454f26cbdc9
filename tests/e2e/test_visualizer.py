"""Under a central luigid its visualizer shows how far an extraction is, and a coin that failed as a task of its own.

A run that cannot reach its luigid says so in one line.
"""

import contextlib
import dataclasses
import functools
import http.server
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from luigi.cmdline_parser import CmdlineParser

from btc_pipeline.steps import luigid as luigid_of_run
from tests.e2e.command_line import Pipeline
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def luigid(tmp_path_factory):
    """The port of a luigid on loopback."""
    with started(tmp_path_factory.mktemp("luigid")) as (port, _):
        yield port


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def started(folder):
    """A luigid on loopback: its port and its process."""
    port = free_port()
    program = str(Path(sys.executable).with_name("luigid"))
    command = [program, "--address", "127.0.0.1", "--port", str(port), "--state-path", str(folder / "state")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(port)
            yield port, process
        finally:
            process.kill()


def wait_for(port):
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < give_up_at, "luigid does not listen"
            time.sleep(0.05)
            continue
        return


@pytest.fixture(scope="module")
def shown(luigid, tmp_path_factory):
    """What the visualizer knows of each task after a run of two coins and a typo, and the run."""
    pipeline = Pipeline(tmp_path_factory.mktemp("run") / "data", is_scheduler_local=False)
    scheduler = ("--scheduler-host", "127.0.0.1", "--scheduler-port", str(luigid))
    result = pipeline.run("VerifyData", *scheduler, "--pipeline-coins", "bitcoin,bitcon,solana")
    query = urllib.parse.urlencode({"data": json.dumps({"status": "", "upstream_status": ""})})
    with urllib.request.urlopen(f"http://127.0.0.1:{luigid}/api/task_list?{query}") as response:
        tasks = json.load(response)["response"].values()
    return {task["name"]: task for task in tasks}, result


def test_the_extraction_shows_its_percentage_and_what_it_is_at(shown):
    tasks, _ = shown
    assert tasks["ExtractAndLoad"]["progress_percentage"] == 100
    assert tasks["ExtractAndLoad"]["status_message"].startswith("9 of 9: ")


def test_a_coin_that_failed_is_a_failed_task_and_the_last_step_waits_for_it(shown):
    tasks, result = shown
    states = {name: task["status"] for name, task in tasks.items()}
    assert states == {"ExtractAndLoad": "DONE", "VerifyData": "PENDING", "ExtractCoin": "FAILED"}
    assert tasks["ExtractCoin"]["params"]["coin_id"] == "bitcon"
    assert (result.exit_code, len(result.errors)) == (20, 1), result.stderr


# --- no luigid


@pytest.fixture
def another_program(tmp_path):
    """The port of a server that is no luigid."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def refused(tmp_path, *scheduler):
    """A run with a central scheduler, and how often it began to work."""
    result = Pipeline(tmp_path / "data", is_scheduler_local=False).refused("Visualize", *scheduler)
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data").exists()
    return result.exit_code, result.errors


def test_without_a_luigid_a_run_ends_with_15_and_one_line_that_says_what_to_type(tmp_path):
    code, [line] = refused(tmp_path, "--scheduler-host", "127.0.0.1", "--scheduler-port", str(free_port()))
    assert code == 15
    assert re.search(r"no luigid answers at 127.0.0.1:\d+: .*start it .*or add --local-scheduler", line)


def test_a_host_without_a_name_is_no_luigid(tmp_path):
    code, [line] = refused(tmp_path, "--scheduler-host", "no.such.host.invalid")
    assert (code, "no luigid answers at no.such.host.invalid:8082" in line) == (15, True)


def test_another_program_at_its_address_is_no_luigid(another_program, tmp_path):
    code, [line] = refused(tmp_path, "--scheduler-url", f"http://127.0.0.1:{another_program}")
    assert (code, "another program is there" in line) == (15, True)


def test_a_password_in_luigid_s_address_is_not_shown(tmp_path):
    config = tmp_path / "luigi.cfg"
    url = f"http://me:secret@127.0.0.1:{free_port()}"
    config.write_text(f"[core]\nno_configure_logging = true\ndefault-scheduler-url = {url}\n")
    pipeline = Pipeline(tmp_path / "data", is_scheduler_local=False, env={"LUIGI_CONFIG_PATH": str(config)})
    result = pipeline.refused()
    assert (result.exit_code, len(result.errors), "secret" in result.stderr) == (15, 1, False), result.stderr


def test_a_luigid_that_has_answered_is_not_asked_again(luigid, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["luigi"])
    monkeypatch.setattr(luigid_of_run, "_told", set())
    asked = []

    def answers(url):
        asked.append(url)
        return ""

    monkeypatch.setattr(luigid_of_run, "why_not", answers)
    with CmdlineParser.global_instance(["--module", "btc_pipeline", "VerifyData", "--scheduler-port", str(luigid)]):
        for _ in range(3):
            luigid_of_run.require()
    assert len(asked) == 1


@pytest.mark.parametrize(
    "url",
    ["luigid", "8082", "localhost:8082", "ftp://luigid/", "http://[::1:8082/", "http://localhost:80a/", "http://"],
)
def test_an_address_that_is_no_url_is_a_bad_setting(url, tmp_path):
    code, [line] = refused(tmp_path, "--scheduler-url", url)
    assert (code, "[core] default-scheduler-url" in line) == (2, True)


@pytest.mark.long
def test_if_luigid_dies_in_mid_run_a_line_says_so_and_a_rerun_goes_on(tmp_path):
    config = tmp_path / "luigi.cfg"
    config.write_text("[core]\nno_configure_logging = true\nrpc-retry-wait = 1\n")
    pipeline = Pipeline(tmp_path / "data", is_scheduler_local=False, env={"LUIGI_CONFIG_PATH": str(config)})
    with started(tmp_path) as (port, process), pipeline.started("Publish", "--scheduler-port", str(port)) as running:
        running.wait_for("ExtractAndLoad")
        process.kill()
        result = running.wait()
    assert (result.exit_code, len(result.errors), "Traceback" in result.stderr) == (15, 1, False), result.stderr
    assert "luigid does not answer any more" in result.errors[0]
    rerun = dataclasses.replace(pipeline, is_scheduler_local=True).run("Publish")
    assert (rerun.exit_code, "ExtractAndLoad" in rerun.done) == (0, False), rerun.stderr
