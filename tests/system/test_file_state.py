"""What the file system says of a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from btc_pipeline.system import file_state


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written right now."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_a_file_that_nobody_touches_keeps_its_state(file: Path) -> None:
    state = file_state.settled(file)
    assert len(state) == 4
    file.read_bytes()
    assert file_state.of(file) == state


def test_a_write_in_the_same_tick_changes_the_state(file: Path) -> None:
    for number in range(30):
        file.write_bytes(f"one {number:03}".encode())
        state = file_state.settled(file)
        file.write_bytes(f"two {number:03}".encode())
        assert file_state.of(file) != state, number


def _written_in_place(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"C")


def _replaced(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"CONTENT")
    other.replace(file)


def _cut(file: Path) -> None:
    os.truncate(file, 3)


def _through_a_link(file: Path) -> None:
    link = file.with_name("link")
    os.link(file, link)
    link.write_bytes(b"CONTENT")


@pytest.mark.parametrize("change", [_written_in_place, _replaced, _cut, _through_a_link])
def test_a_change_is_seen_though_the_time_of_the_last_write_is_put_back(
    file: Path, change: Callable[[Path], None]
) -> None:
    state, before = file_state.settled(file), file.stat()
    change(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file_state.of(file) != state


def test_a_file_that_is_not_there_has_no_state(tmp_path: Path) -> None:
    assert file_state.of(tmp_path / "none") == file_state.settled(tmp_path / "none") == []
    (tmp_path / "file").write_text("x")
    assert file_state.of(tmp_path / "file" / "below") == []
