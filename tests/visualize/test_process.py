"""The drawing process draws the same, whatever matplotlib of its user is set to."""

from __future__ import annotations

from pathlib import Path

import pytest

from btc_pipeline.system.child_process import Child

MODULE = """
from btc_pipeline.system import child_process
from btc_pipeline.visualize import process

def work(_, job):
    import matplotlib, matplotlib.style
    changed = {name for name, value in matplotlib.rcParams.items() if value != matplotlib.rcParamsDefault[name]}
    return {"backend": matplotlib.get_backend(), "changed": sorted(changed - {"backend"}),
            "styles": [name for name in matplotlib.style.available if "ours" in name],
            "cache": matplotlib.get_cachedir()}

child_process.serve(process.prepare, work)
"""
NOT_UTF8 = b"lines.linewidth: 9\n# \xe9\xff\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the user's home; the test asks the process when all is set."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "a_drawing_child.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "MPLBACKEND", "MATPLOTLIBRC"):
        monkeypatch.delenv(name, raising=False)
    return folder


def _settings(log: Path) -> dict[str, object]:
    child = Child("a_drawing_child", log, {})
    try:
        return child.work({}, 60)
    finally:
        child.end()


def _in_folder(folder: Path) -> Path:
    (folder / "stylelib").mkdir(parents=True)
    (folder / "matplotlibrc").write_bytes(NOT_UTF8)
    (folder / "stylelib" / "ours.mplstyle").write_bytes(NOT_UTF8)
    return folder


@pytest.mark.parametrize(
    "backend", ["module://matplotlib_inline.backend_inline", "module://ipympl.backend_nbagg", "TkAgg"]
)
def test_the_backend_of_a_notebook_is_not_used(
    backend: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", backend)
    assert str(_settings(tmp_path / "log")["backend"]).lower() == "agg"


@pytest.mark.parametrize(
    "where", ["the current folder", "MATPLOTLIBRC", "MPLCONFIGDIR", "XDG_CONFIG_HOME", ".config", ".matplotlib"]
)
def test_a_matplotlibrc_or_a_style_of_the_user_is_not_read(
    where: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where.startswith("."):
        _in_folder(home / where / "matplotlib" if where == ".config" else home / where)
    elif where == "the current folder":
        monkeypatch.chdir(_in_folder(tmp_path / "current"))
    else:
        folder = _in_folder(tmp_path / "config" / "matplotlib" if where == "XDG_CONFIG_HOME" else tmp_path / "config")
        monkeypatch.setenv(where, str(folder.parent if where == "XDG_CONFIG_HOME" else folder))
    found = _settings(tmp_path / "log")
    assert (str(found["backend"]).lower(), found["changed"], found["styles"]) == ("agg", [], [])


def test_the_cache_of_fonts_lies_where_the_user_wants_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _settings(tmp_path / "log")["cache"] == str(home / ".cache" / "matplotlib")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "ours"))
    assert str(_settings(tmp_path / "log")["cache"]).startswith(str(tmp_path / "ours"))


def test_a_current_folder_that_was_removed_is_no_hindrance(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "removed").mkdir()
    monkeypatch.chdir(tmp_path / "removed")
    (tmp_path / "removed").rmdir()
    assert str(_settings(tmp_path / "log")["backend"]).lower() == "agg"
