"""The lock of a workspace: one process at a time, says who, ends with its process; who only asks leaves no trace."""

import contextlib
import json
import os
import subprocess
import sys

import pytest

from btc_pipeline.errors import AlreadyRunningError
from btc_pipeline.system import lock
from tests.support.clock import Clock
from tests.support.patience import PATIENCE

HOLDER = """
import subprocess, sys
from pathlib import Path
from btc_pipeline.system import lock
print(lock.hold_and_sign(Path(sys.argv[1])), flush=True)
if "with-child" in sys.argv:
    child = subprocess.Popen(["sleep", "30"])
    print(child.pid, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held_elsewhere(path, *arguments):
    """Another process that holds the lock until its standard input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"BTC_PIPELINE_CHILD": "1"},
        text=True,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        yield holder
        holder.kill()


@pytest.fixture
def path(tmp_path):
    """Where the lock of a workspace lies, which is not there yet."""
    return tmp_path / "sample/.lock"


@pytest.fixture
def old_lock(path):
    """The file of a run that has ended."""
    path.parent.mkdir()
    path.write_text('{"pid": 1, "since": "2026-05-15T00:00:00+00:00"}\n')
    return path


@pytest.fixture
def impatient(monkeypatch):
    """For tests whose subject is not the two seconds."""
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 0.1)


# --- Looking


def test_where_nobody_is_at_work_there_is_no_holder(old_lock):
    assert lock.holder(old_lock) is None


def test_where_nothing_was_ever_done_there_is_no_holder(path):
    assert lock.holder(path) is None


def test_who_looks_is_told_who_holds_the_lock(path):
    with held_elsewhere(path) as other:
        holder = lock.holder(path)
    assert holder is not None
    assert holder["pid"] == other.pid


def test_looking_leaves_the_lock_free(old_lock):
    lock.holder(old_lock)
    with held_elsewhere(old_lock) as other:  # which has taken it when the block begins
        assert other.poll() is None


# --- Asking


def test_where_nothing_was_ever_done_asking_makes_no_file(path):
    lock.hold(path)
    assert not path.parent.exists()


def test_asking_writes_nothing(old_lock):
    before = (old_lock.read_bytes(), old_lock.stat().st_mtime_ns)
    lock.hold(old_lock)
    assert (old_lock.read_bytes(), old_lock.stat().st_mtime_ns) == before


def test_a_process_may_ask_again(old_lock):
    lock.hold(old_lock)
    lock.hold(old_lock)


def test_whoever_has_only_asked_keeps_others_out(old_lock):
    lock.hold(old_lock)
    second = subprocess.run(
        [sys.executable, "-c", HOLDER, str(old_lock)],
        env=os.environ | {"BTC_PIPELINE_CHILD": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "AlreadyRunningError" in second.stderr


# --- Signing


def test_signing_makes_the_file_with_its_folder_and_says_who(path):
    lock.hold_and_sign(path)
    assert json.loads(path.read_text())["pid"] == os.getpid()


def test_only_the_first_signing_of_a_process_begins_the_work(path):
    assert [lock.hold_and_sign(path) for _ in range(3)] == [True, False, False]


def test_a_run_that_had_the_same_process_id_is_another_run(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"pid": os.getpid(), "since": "2026-05-15T00:00:00+00:00"}))
    assert lock.hold_and_sign(path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff\xfe", b"1", b"x" * 100_000], ids=lambda value: ascii(value[:4])
)
def test_whatever_the_file_holds_it_is_signed_over(content, path):
    path.parent.mkdir()
    path.write_bytes(content)
    assert lock.hold_and_sign(path)
    assert json.loads(path.read_text())["pid"] == os.getpid()


def test_two_worlds_have_two_locks(path, tmp_path):
    with held_elsewhere(path):
        assert lock.hold_and_sign(tmp_path / "live/.lock")


# --- Two processes


@pytest.mark.parametrize("take", [lock.hold, lock.hold_and_sign])
def test_a_lock_that_is_held_is_refused_with_its_holder(take, path, impatient):
    with held_elsewhere(path) as holder:
        since = json.loads(path.read_text())["since"]
        with pytest.raises(AlreadyRunningError) as refused:
            take(path)
    assert f"pid={holder.pid} since={since} lock={path}" in str(refused.value)


def test_a_lock_that_is_held_is_waited_for_two_seconds_and_often_looked_at(path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(lock, "time", clock)
    with held_elsewhere(path), pytest.raises(AlreadyRunningError):
        lock.hold(path)
    assert sum(clock.naps) == pytest.approx(2, abs=0.1)
    assert max(clock.naps) <= 0.1


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe"], ids=ascii)
def test_a_holder_that_cannot_be_told_is_a_question_mark(content, path, impatient):
    with held_elsewhere(path):
        path.write_bytes(content)
        with pytest.raises(AlreadyRunningError, match=r"pid=\? since=\?"):
            lock.hold(path)


def test_a_lock_that_is_refused_stays_signed_by_its_holder(path, impatient):
    with held_elsewhere(path) as holder:
        with pytest.raises(AlreadyRunningError):
            lock.hold_and_sign(path)
        assert json.loads(path.read_text())["pid"] == holder.pid


def test_a_lock_that_is_given_up_in_time_is_taken(path, monkeypatch):
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", PATIENCE)
    with held_elsewhere(path) as holder:
        holder.stdin.close()
        assert lock.hold_and_sign(path)


def test_a_lock_ends_with_a_killed_process(path):
    with held_elsewhere(path) as holder:
        holder.kill()
        holder.wait()
        assert lock.hold_and_sign(path)


def test_a_child_that_outlives_its_killed_parent_does_not_keep_the_lock(path):
    with held_elsewhere(path, "with-child") as holder:
        child = int(holder.stdout.readline())
        holder.kill()
        holder.wait()
        try:
            assert lock.hold_and_sign(path)
        finally:
            os.kill(child, 9)
