"""The doctor and the file system: what a run asks of it is tried, each refusal is told, and nothing is left behind."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.commands.doctor import file_system
from btc_pipeline.settings.workspace import Workspace
from tests.e2e import disks

ASK = """
import sys
from pathlib import Path
from btc_pipeline.commands.doctor.file_system import file_system
from btc_pipeline.settings.workspace import Workspace
check = file_system(Workspace(Path(sys.argv[1]), "sample"))
print(check.state, check.facts)
"""


def ask(folder, *before, **options):
    """What a process finds that is started in a certain way."""
    command = [*before, sys.executable, "-c", ASK, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def can_inject():
    """Whether strace is here and may be used."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


needs_strace = pytest.mark.skipif(not can_inject(), reason="NOT RUN: strace is missing, or may not trace")
needs_disks = pytest.mark.skipif(not disks.can_be_made(), reason="NOT RUN: this user may not mount a disk")

REFUSALS = {
    "flock:error=ENOLCK": "a file cannot be locked for a run (flock): No locks available",
    "flock:error=EBADF": "a file cannot be locked for a run (flock): Bad file descriptor",
    "flock:error=EOPNOTSUPP": "a file cannot be locked for a run (flock): Operation not supported",
    "fsync:error=EIO": "a file cannot be made durable (fsync): Input/output error",
    "fsync:error=EINVAL:when=2": "a folder cannot be made durable (fsync): Invalid argument",
    "rename:error=EXDEV": "a file cannot be renamed over another: Invalid cross-device link",
    "rename:error=EPERM:when=2": "a symbolic link cannot be made: Operation not permitted",
    "symlink:error=EPERM": "a symbolic link cannot be made: Operation not permitted",
    "chmod:error=EPERM": "the rights of a file cannot be changed: Operation not permitted",
    "mkdir:error=EROFS": "no folder can be made there: Read-only file system",
}
"""What a file system may refuse, and what is said then."""


@needs_strace
@pytest.mark.parametrize(("refusal", "said"), REFUSALS.items(), ids=REFUSALS)
def test_what_a_file_system_refuses_is_told(refusal, said, tmp_path):
    found = ask(tmp_path, "strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={refusal}")
    assert found == f"failed {tmp_path}: {said}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_takes_no_file_is_told(tmp_path):
    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    assert ask(tmp_path, preexec_fn=small_files_only).startswith(f"failed {tmp_path}: no file can be written: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc", "/proc/self"])
def test_a_folder_of_the_kernel_is_no_place_for_data(place):
    check = file_system.file_system(Workspace(Path(place), "sample"))
    assert (check.state, check.code, "[pipeline] data_dir" in check.fix) == ("failed", 2, True)


def test_a_pipe_where_the_folder_should_be_fails_and_does_not_wait(tmp_path):
    os.mkfifo(tmp_path / "data")
    check = file_system.file_system(Workspace(tmp_path / "data", "sample"))
    assert (check.state, "Not a directory" in check.facts) == ("failed", True)


def test_a_folder_without_the_right_to_write_fails(tmp_path):
    tmp_path.chmod(0o555)
    assert ask(tmp_path, *disks.without_power()).startswith(f"failed {tmp_path}: no folder can be made there: ")


@needs_disks
def test_a_read_only_disk_fails(tmp_path):
    with disks.read_only(tmp_path) as disk:
        said = ask(tmp_path, *disk.enter)
    assert said == f"failed {tmp_path}: no folder can be made there: Read-only file system\n"


@needs_disks
@pytest.mark.parametrize(("inodes", "state"), [(500, "failed"), (5000, "ok"), (0, "ok")])
def test_too_few_free_inodes_fail_and_a_disk_that_does_not_count_them_is_good(inodes, state, tmp_path):
    with disks.mounted(tmp_path, f'mount -t tmpfs -o nr_inodes={inodes} tmpfs "$1"') as disk:
        said = ask(tmp_path, *disk.enter)
    assert said.startswith(f"{state} {tmp_path}: ")
    assert ("more files can be made there, a run needs about 1,000" in said) == (state == "failed")


@pytest.mark.parametrize("there", ["", "data", "data/sample"])
def test_it_tries_in_the_nearest_folder_that_exists_and_leaves_nothing(there, tmp_path):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    check = file_system.file_system(Workspace(tmp_path / "data", "sample"))
    assert (check.state, check.facts.startswith(f"{tmp_path / there}: ")) == ("ok", True)
    assert sorted(tmp_path.rglob("*")) == before
