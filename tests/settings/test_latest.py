"""The pointer to the workspace of the last run: what may be there instead, and where links cannot be made."""

import errno
from pathlib import Path

import pytest

from btc_pipeline.settings import latest
from btc_pipeline.settings.workspace import Workspace


def note(folder, source):
    latest.note(Workspace(folder, source))


def test_before_the_first_run_it_names_nothing(tmp_path):
    assert latest.source(tmp_path) == ""
    assert latest.source(tmp_path / "nowhere") == ""


def test_the_last_of_two_runs_counts(tmp_path):
    for source in ("live", "sample"):
        note(tmp_path, source)
    assert (latest.source(tmp_path), (tmp_path / "latest").readlink()) == ("sample", Path("sample"))


def test_what_names_the_workspace_already_is_not_touched(tmp_path):
    (tmp_path / "sample").mkdir()
    (tmp_path / "latest").symlink_to(tmp_path / "sample")  # as somebody made it by hand
    note(tmp_path, "sample")
    assert (tmp_path / "latest").readlink() == tmp_path / "sample"
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["latest", "sample"]


def no_links(self, target, target_is_directory=False):
    raise OSError(errno.EPERM, "Operation not permitted", str(self))


def test_on_a_file_system_without_links_it_is_a_file_of_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "symlink_to", no_links)
    for source in ("live", "sample"):
        note(tmp_path, source)
    assert (latest.source(tmp_path), (tmp_path / "latest").read_text()) == ("sample", "sample\n")


def test_a_link_replaces_the_file(tmp_path):
    (tmp_path / "latest").write_text("live\n")
    note(tmp_path, "sample")
    assert (tmp_path / "latest").is_symlink()


ODD = {
    "a loop": lambda path: path.symlink_to("latest"),
    "a link to elsewhere": lambda path: path.symlink_to("/tmp"),
    "a link to a workspace in another folder": lambda path: path.symlink_to("../data/live"),
    "an empty file": lambda path: path.touch(),
    "a file of other words": lambda path: path.write_text("staging\n"),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("odd", list(ODD))
def test_what_names_no_workspace_is_said_to_be_odd(odd, tmp_path):
    ODD[odd](tmp_path / "latest")
    with pytest.raises(latest.OddPointerError, match="latest"):
        latest.source(tmp_path)


@pytest.mark.parametrize("odd", [name for name in ODD if name != "a folder"])
def test_the_next_run_replaces_what_is_odd(odd, tmp_path):
    ODD[odd](tmp_path / "latest")
    note(tmp_path, "live")
    assert latest.source(tmp_path) == "live"


def test_a_folder_in_its_place_is_left_alone(tmp_path):
    (tmp_path / "latest/kept").mkdir(parents=True)
    with pytest.raises(OSError, match="latest"):
        note(tmp_path, "live")
    assert (tmp_path / "latest/kept").is_dir()
