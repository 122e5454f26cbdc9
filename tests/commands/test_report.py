"""`btc-pipeline report` and `open`: the report of what is published, without a run."""

import json
from datetime import date, timedelta

import duckdb
import pytest

from tests.support import published_world
from tests.support.published_world import typed
from tests.visualize.report.published import DAY, Published, backfill, candle


@pytest.fixture
def workspace(tmp_path):
    """The folder of a workspace in which something is published."""
    return published_world.made_in(tmp_path)


def test_report_writes_it_and_says_where(workspace):
    ended = typed(workspace, "report")
    path = workspace / "report" / f"{DAY}.html"
    assert (ended.returncode, ended.stdout) == (0, f"{path}\n"), ended.stderr
    assert path.read_text().startswith("<!doctype html>")


def test_report_has_the_moving_averages_of_the_settings(workspace):
    typed(workspace, "report", "--chart-moving-averages", "5,20")
    assert 'data-averages="5,20"' in (workspace / "report" / f"{DAY}.html").read_text()


def test_report_as_json_is_the_file_s_and_nothing_is_written(workspace):
    ended = typed(workspace, "report", "--json")
    assert not (workspace / "report").exists()
    typed(workspace, "report")
    assert json.loads(ended.stdout) == json.loads((workspace / "report" / f"{DAY}.json").read_text())


def test_report_of_nothing_is_one_line(tmp_path):
    ended = typed(tmp_path / "sample", "report")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "nothing is published" in ended.stderr


def test_report_of_no_candle_is_one_line(workspace):
    Published(candles=[]).write(workspace / "crypto_data.duckdb")
    ended = typed(workspace, "report")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (70, 1)
    assert "there is no candle to report" in ended.stderr


def test_report_of_a_damaged_database_is_one_line(workspace):
    (workspace / "crypto_data.duckdb").write_bytes(b"no database")
    ended = typed(workspace, "report")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (60, 1)


@pytest.fixture
def browser(tmp_path):
    """A browser that writes down what it is to show."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    program.chmod(0o755)
    return program


def test_open_hands_the_newest_report_to_the_browser(workspace, browser):
    ended = typed(workspace, "open", BROWSER=f"{browser} %s")
    path = workspace / "report" / f"{DAY}.html"
    assert (ended.returncode, ended.stdout) == (0, f"{path}\n"), ended.stderr
    assert (browser.parent / "shown").read_text().strip() == path.as_uri()


def test_open_shows_the_report_that_is_named(workspace, browser):
    (workspace / "report").mkdir()
    for name in (f"{DAY}.html", "2026-05-01_2026-05-14.html"):
        (workspace / "report" / name).write_text("<!doctype html>")
    ended = typed(workspace, "open", "2026-05-01_2026-05-14", BROWSER=f"{browser} %s")
    assert (ended.returncode, ended.stdout) == (0, f"{workspace}/report/2026-05-01_2026-05-14.html\n"), ended.stderr


@pytest.mark.parametrize(("name", "reason"), [
    ("2026-05-09", "there is no report 2026-05-09"),
    ("2026-05-14_2026-05-01", "neither a day nor a first and a last one"),
    ("../../secret", "not a day"),
])  # fmt: skip
def test_a_name_of_no_report_is_refused(name, reason, workspace):
    typed(workspace, "report")
    ended = typed(workspace, "open", name, BROWSER="true")
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert reason in ended.stderr


def test_the_report_of_a_backfill_is_named_by_its_days(workspace):
    Published(about=backfill(date(2026, 5, 9), date(2026, 5, 14))).write(workspace / "crypto_data.duckdb")
    ended = typed(workspace, "report")
    path = workspace / "report" / "2026-05-09_2026-05-14.html"
    assert (ended.returncode, ended.stdout) == (0, f"{path}\n"), ended.stderr
    assert "backfill of 2026-05-09 to 2026-05-14" in path.read_text()


def test_open_without_a_browser_says_where_the_report_lies(workspace, tmp_path):
    ended = typed(workspace, "open", BROWSER="", PATH=str(tmp_path), DISPLAY="")
    assert ended.returncode == 2
    assert f"there is no browser here: {workspace / 'report' / f'{DAY}.html'}" in ended.stderr


@pytest.mark.parametrize("arguments", [("report",), ("report", "--json"), ("open",)], ids=str)
@pytest.mark.parametrize("statement", [
    "delete from publication where key = 'run_date'",
    "delete from publication where key = 'published_at'",
    "update publication set value = 'some day' where key = 'run_date'",
    "update publication set value = '../../x' where key = 'first_day'",
])  # fmt: skip
def test_a_publication_of_another_contract_is_one_line(statement, arguments, workspace):
    with duckdb.connect(str(workspace / "crypto_data.duckdb")) as connection:
        connection.execute(statement)
    ended = typed(workspace, *arguments, BROWSER="true")
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (60, "", 1), ended.stderr
    assert "Next: run the pipeline" in ended.stderr


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 0.0])
@pytest.mark.parametrize("column", ["close", "coverage"])
def test_a_number_that_nobody_would_publish_is_no_traceback(column, value, workspace):
    Published(candles=[candle() | {column: value}]).write(workspace / "crypto_data.duckdb")
    ended = typed(workspace, "report")
    assert (ended.returncode in {0, 70}, "Traceback" in ended.stderr) == (True, False), ended.stderr


def test_open_shows_the_report_of_the_newest_day_whatever_is_published(workspace, browser):
    (workspace / "report").mkdir()
    for name in ("2026-05-14.html", "2026-05-16.html", "index.html", "2026-99-99.html", "2026-05-17.json"):
        (workspace / "report" / name).write_text("<!doctype html>")
    ended = typed(workspace, "open", BROWSER=f"{browser} %s")
    newest = workspace / "report" / "2026-05-16.html"
    assert (ended.returncode, ended.stdout) == (0, f"{newest}\n"), ended.stderr
    assert (browser.parent / "shown").read_text().strip() == newest.as_uri()
    assert not (workspace / "report" / f"{DAY}.html").exists()


# --- A run of a past day has published since

NEWER = DAY + timedelta(days=3)


@pytest.mark.parametrize(("option", "suffix", "shown"), [((), "html", "{path}"), (("--json",), "json", "its own")])
def test_report_is_that_of_the_newest_day_as_its_own_run_has_written_it(option, suffix, shown, workspace):
    published_world.record(workspace, NEWER)
    (workspace / "report").mkdir()
    path = workspace / "report" / f"{NEWER}.{suffix}"
    path.write_text("its own")
    ended = typed(workspace, "report", *option)
    assert (ended.returncode, ended.stdout) == (0, shown.format(path=path) + "\n"), ended.stderr
    assert f"the run of {DAY} has published since" in ended.stderr
    assert path.read_text() == "its own"


def test_if_the_newest_day_s_report_is_gone_that_of_what_is_published_is_written(workspace):
    published_world.record(workspace, NEWER)
    ended = typed(workspace, "report")
    assert (ended.returncode, ended.stdout) == (0, f"{workspace}/report/{DAY}.html\n"), ended.stderr
