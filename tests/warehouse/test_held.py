"""Who holds a DuckDB file for writing: waited for a while, then named."""

import subprocess
import sys
import threading

import duckdb
import pytest

from btc_pipeline.errors import PublishingError
from btc_pipeline.warehouse import held

SCRIPT = (
    "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'reads');"
    "print('open', flush=True); sys.stdin.read()"
)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "it's.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table prices as select 1 as price")
    return path


@pytest.fixture
def opened_elsewhere(database):
    """A function that lets another process open the database, and returns the process."""
    processes = []

    def opened(how):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(database), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        processes.append(process)
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        return process

    yield opened
    for process in processes:
        process.communicate()


def test_a_file_that_nobody_holds_is_free_and_so_is_none(database, tmp_path):
    held.wait_until_free(database, PublishingError)
    held.wait_until_free(tmp_path / "none", PublishingError)


def test_a_reader_is_no_obstacle(database, opened_elsewhere):
    opened_elsewhere("reads")
    held.wait_until_free(database, PublishingError)


def test_a_writer_is_named_when_patience_ends(database, opened_elsewhere, monkeypatch):
    monkeypatch.setattr(held, "PATIENCE_SECONDS", 0.5)
    writer = opened_elsewhere("writes")
    with pytest.raises(PublishingError) as refused:
        held.wait_until_free(database, PublishingError)
    assert "python" in refused.value.what
    assert f"(PID {writer.pid})" in refused.value.what
    assert "read-only" in refused.value.fix


def test_a_writer_that_ends_in_time_is_waited_for(database, opened_elsewhere):
    writer = opened_elsewhere("writes")
    timer = threading.Timer(0.5, writer.kill)
    timer.start()
    held.wait_until_free(database, PublishingError)
    assert writer.wait(10) != 0
    timer.join()
