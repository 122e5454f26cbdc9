"""Under a central luigid its visualizer shows how far an extraction is, and a coin that failed as a task of its own."""

import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.command_line import Pipeline


@pytest.fixture(scope="module")
def luigid(tmp_path_factory):
    """The port of a luigid on loopback."""
    folder = tmp_path_factory.mktemp("luigid")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("luigid"))
    command = [program, "--address", "127.0.0.1", "--port", str(port), "--state-path", str(folder / "state")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.kill()


def wait_for(port):
    give_up_at = time.monotonic() + 30
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
