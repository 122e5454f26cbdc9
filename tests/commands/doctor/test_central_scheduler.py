"""The doctor and luigid: asked only if luigi.cfg names it, by a real luigid, and by what is none."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import luigi
import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer
from btc_pipeline.commands.doctor import central_scheduler
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.patience import PATIENCE


@pytest.fixture
def core():
    """A function that sets keys of Luigi's section [core]; they are gone afterwards."""
    parser = luigi.configuration.get_config()
    keys = []

    def put(**values):
        for key, value in values.items():
            parser.set("core", key, str(value))
            keys.append(key)

    yield put
    for key in keys:
        parser.remove_option("core", key)


@pytest.fixture
def free_port():
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def real(free_port, tmp_path):
    """The port of a luigid that answers."""
    program = str(Path(sys.executable).with_name("luigid"))
    options = ["--address", "127.0.0.1", "--port", str(free_port), "--state-path", str(tmp_path / "state")]
    with subprocess.Popen([program, *options], cwd=tmp_path, stderr=subprocess.DEVNULL, env=os.environ) as process:
        give_up_at = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < give_up_at
            try:
                socket.create_connection(("127.0.0.1", free_port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield free_port
        process.kill()


def test_without_a_scheduler_in_luigi_cfg_none_is_asked():
    check = central_scheduler.luigid()
    assert (check.state, check.facts) == ("ok", "none is configured: luigi takes --local-scheduler")


def test_a_luigid_that_answers_is_good(core, real):
    core(default_scheduler_host="127.0.0.1", default_scheduler_port=real)
    check = central_scheduler.luigid()
    assert (check.state, check.facts) == ("ok", f"answers at 127.0.0.1:{real}")


@pytest.mark.parametrize("dash", ["-", "_"])
@pytest.mark.parametrize("prefix", ["default_", ""])
def test_a_luigid_that_is_not_there_fails_and_says_what_to_do(prefix, dash, core, free_port):
    core(**{f"{prefix}scheduler_url".replace("_", dash): f"http://127.0.0.1:{free_port}/"})
    check = central_scheduler.luigid()
    assert (check.state, check.code) == ("failed", 15)
    assert f"names 127.0.0.1:{free_port}, where no luigid answers: Connection refused" in check.facts
    assert "--local-scheduler" in check.fix


def test_another_program_at_the_address_is_no_luigid(core):
    with ReplayServer(synthetic) as server:
        core(default_scheduler_url=server.base_url)
        assert central_scheduler.luigid().state == "failed"
    with FaultyServer(synthetic, lambda path, number: FaultAnswer(body=b"{}")) as server:
        core(default_scheduler_url=server.base_url)
        assert "another program is there" in central_scheduler.luigid().facts


def test_a_password_of_the_address_is_not_shown(core, free_port):
    core(default_scheduler_url=f"http://me:secret@127.0.0.1:{free_port}")
    assert "secret" not in str(central_scheduler.luigid())


def test_a_local_scheduler_in_luigi_cfg_needs_no_luigid(core, free_port):
    core(local_scheduler="true", default_scheduler_port=free_port)
    assert central_scheduler.luigid().state == "ok"


def test_a_bad_port_is_told(core):
    core(default_scheduler_port="many")
    check = central_scheduler.luigid()
    assert (check.state, "many" in check.facts) == ("failed", True)


def test_a_socket_of_unix_is_not_asked(core):
    core(default_scheduler_url="http+unix://%%2Ftmp%%2Fluigi.sock")
    assert central_scheduler.luigid().state == "ok"
