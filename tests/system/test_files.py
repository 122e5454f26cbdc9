"""Files that are whole or not there: writing, replacing, linking, and sweeping what a killed run left."""

import contextlib
import hashlib
import os
import stat
import subprocess
import sys
import time

import pytest

from btc_pipeline.system import files


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# --- Writing


def test_a_file_is_written_with_its_folders(tmp_path):
    files.write(tmp_path / "a/b/file.json", b"content")
    assert (tmp_path / "a/b/file.json").read_bytes() == b"content"


def test_a_file_that_is_there_is_replaced(tmp_path):
    (tmp_path / "file").write_bytes(b"a long old content")
    files.write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_whoever_has_the_old_file_open_keeps_it(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    with (tmp_path / "file").open("rb") as reader:
        files.write(tmp_path / "file", b"new")
        assert reader.read() == b"old"


@pytest.mark.parametrize("umask", [0o077, 0o027, 0o022, 0o002, 0o000], ids=oct)
@pytest.mark.parametrize("mode", [0o666, 0o444, 0o600], ids=oct)
def test_a_file_has_the_rights_that_the_umask_leaves(mode, umask, tmp_path):
    old = os.umask(umask)
    try:
        files.write(tmp_path / "file", b"content", mode)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666], ids=oct)
def test_who_may_not_read_a_file_may_not_read_it_when_writing_is_forbidden(mode, tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "file").chmod(mode)
    files.forbid_writing(tmp_path / "file")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode & 0o444


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert files.read_json(tmp_path / "pipe") == {}
    for read in (files.read, files.sha256):
        with pytest.raises(files.IrregularFileError, match="it is no regular file"):
            read(tmp_path / "pipe")


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError):
        files.read(tmp_path)


def test_what_a_killed_run_left_under_the_same_name_is_no_hindrance(tmp_path):
    left = tmp_path / f".tmp-{os.getpid()}-file"
    left.write_bytes(b"half")
    left.chmod(0o444)
    files.write(tmp_path / "file", b"content")
    assert (names_in(tmp_path), (tmp_path / "file").read_bytes()) == (["file"], b"content")


def test_a_file_that_nobody_may_write_is_replaced(tmp_path):
    files.write(tmp_path / "file", b"old", mode=0o444)
    files.write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_writing_leaves_nothing_else_behind(tmp_path):
    files.write(tmp_path / "file", b"content")
    assert names_in(tmp_path) == ["file"]


# --- Replacing


def test_the_temporary_file_lies_beside_its_place_and_keeps_the_extension(tmp_path):
    with files.replacing(tmp_path / "chart.png") as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")
        temporary.touch()


def test_until_all_is_written_the_old_file_is_seen(tmp_path):
    files.write(tmp_path / "file", b"old")
    with files.replacing(tmp_path / "file") as temporary:
        temporary.write_bytes(b"half")
        assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_on_any_error_the_old_file_stays_and_nothing_is_left(error, tmp_path):
    files.write(tmp_path / "file", b"old")
    with contextlib.suppress(error), files.replacing(tmp_path / "file") as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert names_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_writer_that_writes_nothing_is_an_error_and_the_old_file_stays(tmp_path):
    files.write(tmp_path / "file", b"old")
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_folder_in_the_place_of_a_file_is_an_error_and_nothing_is_left(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write(tmp_path / "file", b"content")
    assert names_in(tmp_path) == ["file"]


KILLED_AT_RANDOM = """
import sys
from pathlib import Path
from btc_pipeline.system import files
print("ready", flush=True)
while True:
    for letter in b"ab":
        files.write(Path(sys.argv[1]), bytes([letter]) * 500_000)
"""


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    for round_ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED_AT_RANDOM, str(tmp_path / "file")],
            stdout=subprocess.PIPE,
            env=os.environ | {"BTC_PIPELINE_CHILD": "1"},
        )
        with writer:
            assert writer.stdout
            writer.stdout.readline()
            while not (tmp_path / "file").exists():
                time.sleep(0.001)
            time.sleep(0.02 + 0.013 * round_)
            writer.kill()
        content = (tmp_path / "file").read_bytes()
        assert (len(content), len(set(content))) == (500_000, 1)


# --- Checksums


@pytest.mark.parametrize("content", [b"", b"x", b"y" * (1 << 20), b"z" * ((1 << 20) + 1)], ids=len)
def test_a_checksum_is_of_the_whole_file(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


# --- Linking


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_a_link_is_made_and_led_elsewhere(tmp_path, scratch):
    files.link(tmp_path / "latest", "live", scratch)
    files.link(tmp_path / "latest", "sample", scratch)
    assert (tmp_path / "latest").readlink().name == "sample"


def test_a_link_that_is_right_is_not_touched(tmp_path, scratch):
    files.link(tmp_path / "latest", "live", scratch)
    before = (tmp_path / "latest").lstat().st_ino
    files.link(tmp_path / "latest", "live", scratch)
    assert (tmp_path / "latest").lstat().st_ino == before


def test_what_a_link_led_to_is_left_alone(tmp_path, scratch):
    (tmp_path / "live").mkdir()
    (tmp_path / "live/data").touch()
    files.link(tmp_path / "latest", "live", scratch)
    files.link(tmp_path / "latest", "sample", scratch)
    assert names_in(tmp_path / "live") == ["data"]


def test_a_link_is_never_half_made_where_it_is_seen(tmp_path, scratch):
    (tmp_path / "latest").mkdir()
    with pytest.raises(IsADirectoryError):
        files.link(tmp_path / "latest", "live", scratch)
    assert names_in(tmp_path) == ["latest", "scratch"]


def test_a_link_half_made_by_a_killed_process_is_no_obstacle(tmp_path, scratch):
    (scratch / "latest").symlink_to("sample")
    files.link(tmp_path / "latest", "live", scratch)
    assert (tmp_path / "latest").readlink().name == "live"


# --- Sweeping


@pytest.fixture
def root(tmp_path):
    """A workspace after a kill: temporary files in it and its folders, a scratch folder with something in it."""
    root = tmp_path / "sample"
    for name in (".tmp-1-a", "keep", "charts/.tmp-2-b.png", "charts/keep.png", "tmp/airbyte/x", "raw/coin/.tmp-3-c"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_sweep_removes_temporary_files_and_all_of_the_scratch_folder(root):
    files.sweep(root, root / "tmp")
    assert [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()] == [
        "charts/keep.png",
        "keep",
    ]


def test_a_sweep_leaves_a_private_scratch_folder(root):
    files.sweep(root, root / "tmp")
    assert stat.S_IMODE((root / "tmp").stat().st_mode) == 0o700


def test_a_sweep_of_a_world_that_is_not_there_makes_its_scratch_folder(tmp_path):
    files.sweep(tmp_path / "new", tmp_path / "new/tmp")
    assert names_in(tmp_path / "new") == ["tmp"]


def test_a_sweep_follows_no_link_out_of_the_world(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".tmp-of-another-program").touch()
    (root / "link").symlink_to(outside)
    files.sweep(root, root / "tmp")
    assert names_in(outside) == [".tmp-of-another-program"]


def test_a_scratch_folder_that_is_a_link_is_not_emptied_where_it_leads(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    files.sweep(root, root / "tmp")
    (root / "tmp").rmdir()
    (root / "tmp").symlink_to(outside)
    files.sweep(root, root / "tmp")
    assert names_in(outside) == ["precious"]
