"""Targets: a marker vouches for files, a marker row for a table; what is damaged or of others vouches for nothing."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date

import duckdb
import pytest

from btc_pipeline.system import files, records
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.marker import Marker
from btc_pipeline.targets.publication import Publication
from btc_pipeline.targets.stamp import new_stamp
from btc_pipeline.warehouse import database_errors, duckdb_files
from tests.support.clock import Clock

DAY = date(2026, 5, 15)
HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# --- Markers


@pytest.fixture
def chart(tmp_path):
    path = tmp_path / "charts/chart.png"
    path.parent.mkdir()
    path.write_bytes(b"a picture")
    return path


@pytest.fixture
def marker(tmp_path, chart):
    """A marker that vouches for a chart."""
    marker = Marker(tmp_path / "markers/Visualize_2026-05-15.json", "abc", tmp_path)
    marker.write(made=[chart], facts={"points": 169})
    return marker


def rewritten(marker, **changes):
    """Change what it says, and its proof with it."""
    records.write(marker.path, records.read(marker.path) | changes)


def test_a_marker_vouches_for_what_it_was_written_for(marker):
    assert marker.exists()


def test_a_marker_has_a_format_that_others_can_read(marker):
    content = json.loads(marker.path.read_bytes())
    assert sorted(content) == ["facts", "files", "fingerprint", "format", "proof", "stamp", "states"]
    assert (content["format"], content["fingerprint"], list(content["files"])) == (2, "abc", ["charts/chart.png"])


def test_a_file_that_nobody_has_written_to_is_not_read_again_but_a_proof_reads_it(marker, chart):
    opened = []
    sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
    assert marker.exists()
    assert str(chart) not in opened
    assert marker.is_proved()
    assert str(chart) in opened


@pytest.mark.parametrize(
    ("key", "value"), [("files", {"charts/chart.png": "0" * 64}), ("facts", {"points": 168}), ("stamp", "another")]
)
def test_a_marker_that_was_edited_vouches_for_nothing_and_tells_nothing(key, value, marker):
    marker.path.write_text(json.dumps(json.loads(marker.path.read_bytes()) | {key: value}))
    assert not marker.exists()
    assert (marker.facts(), marker.stamp(), marker.made()) == ({}, "", [])


def test_a_file_of_the_same_size_and_time_is_read(marker, chart):
    before = chart.stat()
    chart.write_bytes(bytes(before.st_size))
    os.utime(chart, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not marker.exists()
    assert not marker.is_proved()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(marker, chart):
    chart.unlink()
    os.mkfifo(chart)
    assert not marker.exists()


def test_a_file_that_was_copied_back_counts(marker, chart):
    copy = shutil.copy2(chart, chart.with_name("copy.png"))
    copy.replace(chart)
    assert marker.exists()
    assert marker.is_proved()


@pytest.mark.parametrize("states", [{}, {"charts/chart.png": []}, {"charts/chart.png": [1, 2, 3, 4]}])
def test_a_file_with_another_state_or_none_goes_by_its_checksum(states, marker, chart):
    rewritten(marker, states=states)
    assert marker.exists()
    chart.write_bytes(b"another chart")
    assert not marker.exists()


def test_a_marker_of_an_earlier_version_vouches_for_nothing_but_still_tells_a_checksum(marker, chart):
    """So that the first run after an upgrade knows the file that was published."""
    content = records.read(marker.path) | {"format": 1, "states": {"charts/chart.png": "0" * 32}}
    marker.path.write_text(json.dumps(content))
    assert (marker.exists(), marker.stamp(), marker.facts()) == (False, "", {})
    assert marker.checksum(chart) == files.sha256(chart)


def test_a_marker_remembers_facts(marker):
    assert marker.facts() == {"points": 169}


def test_a_marker_without_files_vouches_for_its_step(tmp_path):
    marker = Marker(tmp_path / "marker.json", "abc", tmp_path)
    marker.write()
    assert marker.exists()


def test_where_there_is_no_marker_nothing_is_vouched_for_or_written(tmp_path):
    marker = Marker(tmp_path / "markers/marker.json", "abc", tmp_path)
    assert (marker.exists(), marker.stamp(), marker.facts()) == (False, "", {})
    assert names_in(tmp_path) == []


def test_asking_a_marker_writes_nothing(marker, tmp_path):
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names_in(tmp_path)}
    marker.exists()
    marker.stamp()
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in names_in(tmp_path)} == before


def test_another_fingerprint_is_not_vouched_for(marker):
    assert not Marker(marker.path, "abd", marker.root).exists()


def test_a_marker_moves_with_the_files_that_it_vouches_for(marker, tmp_path):
    elsewhere = tmp_path.parent / f"{tmp_path.name}-moved"
    tmp_path.rename(elsewhere)
    assert Marker(elsewhere / marker.path.relative_to(tmp_path), "abc", elsewhere).exists()


def test_each_writing_has_another_stamp(marker, chart):
    first = marker.stamp()
    marker.write(made=[chart])
    assert first
    assert marker.stamp() > first


@pytest.mark.parametrize("damage", [
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"a picturf"),
    lambda path: path.write_bytes(b"a picture "),
    lambda path: (path.unlink(), path.mkdir()),
    lambda path: (path.unlink(), path.parent.rmdir(), path.parent.write_bytes(b"no folder")),
], ids=["gone", "empty", "changed", "longer", "a folder", "its folder is a file"])  # fmt: skip
def test_a_file_that_is_not_as_it_was_written_is_not_vouched_for(damage, marker, chart):
    damage(chart)
    assert not marker.exists()


BAD_MARKERS = {
    "empty": b"",
    "half": b'{"format": 1, "fingerprint": "abc", "files": {',
    "no text": b"\xff\xfe\x00",
    "array": b"[]",
    "number": b"1",
    "null": b"null",
    "nested": b"[" * 100_000,
    "no format": b'{"fingerprint": "abc", "stamp": "x", "files": {}}',
    "no files": b'{"format": 1, "fingerprint": "abc", "stamp": "x"}',
    "files are a list": b'{"format": 1, "fingerprint": "abc", "stamp": "x", "files": []}',
    "files are null": b'{"format": 1, "fingerprint": "abc", "stamp": "x", "files": null}',
    "format of tomorrow": b'{"format": 3, "fingerprint": "abc", "stamp": "x", "files": {}}',
    "format as text": b'{"format": "1", "fingerprint": "abc", "stamp": "x", "files": {}}',
}


@pytest.mark.parametrize("content", BAD_MARKERS.values(), ids=BAD_MARKERS)
def test_a_marker_that_is_not_as_written_vouches_for_nothing(content, marker):
    marker.path.write_bytes(content)
    assert (marker.exists(), marker.stamp(), marker.facts()) == (False, "", {})


def test_a_folder_in_the_place_of_a_marker_vouches_for_nothing(marker):
    marker.path.unlink()
    marker.path.mkdir()
    assert not marker.exists()


@pytest.mark.parametrize("file", ["", ".", "gone", "a\0b", "charts/chart.png/x"], ids=ascii)
def test_a_file_name_that_leads_nowhere_is_not_vouched_for(file, marker):
    rewritten(marker, files={file: "0" * 64})
    assert not marker.exists()


@pytest.mark.parametrize("checksum", [None, 7, "", "0" * 64], ids=ascii)
def test_a_checksum_that_is_none_vouches_for_nothing(checksum, marker):
    rewritten(marker, files={"charts/chart.png": checksum}, states={})
    assert not marker.exists()


def test_a_marker_is_written_whole_or_not_at_all(marker, tmp_path):
    before = marker.path.read_bytes()
    with pytest.raises(FileNotFoundError):
        marker.write(made=[tmp_path / "gone.png"])
    assert marker.path.read_bytes() == before


def test_stamps_sort_by_time_and_never_repeat():
    stamps = [new_stamp() for _ in range(200)]
    assert len(set(stamps)) == 200
    assert [stamp[:22] for stamp in stamps] == sorted(stamp[:22] for stamp in stamps)


# --- Tables


@pytest.fixture
def database(tmp_path):
    """A database with a table of three rows that nothing vouches for."""
    path = tmp_path / "cache.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema raw; create table raw.prices as select range as id, range * 1.5 as price from range(3)"
        )
    return path


@pytest.fixture
def target(database):
    """The table, vouched for."""
    target = table_of(database)
    target.write()
    return target


def table_of(database, day=DAY, fingerprint="abc", step="ExtractAndLoad"):
    return DuckDBTarget(database, "raw.prices", "raw.pipeline_markers", step, day, fingerprint)


def execute(database, sql):
    with duckdb.connect(str(database)) as connection:
        return connection.execute(sql).fetchall()


def test_a_table_that_nothing_vouches_for_is_not_there(database):
    target = table_of(database)
    assert (target.exists(), target.stamp(), target.newest_stamp() == target.stamp() != "") == (False, "", False)


def test_a_table_that_is_vouched_for_is_there(target):
    assert (target.exists(), target.newest_stamp() == target.stamp() != "", bool(target.stamp())) == (True, True, True)


@pytest.mark.parametrize("other", [
    {"fingerprint": "abd"}, {"day": date(2026, 5, 14)}, {"step": "Transform"},
], ids=["fingerprint", "day", "step"])  # fmt: skip
def test_another_step_day_or_fingerprint_is_not_vouched_for(other, target):
    assert not table_of(target.database, **other).exists()


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    target = table_of(tmp_path / "gone.duckdb")
    assert (target.exists(), target.stamp(), target.newest_stamp() == target.stamp() != "") == (False, "", False)
    assert names_in(tmp_path) == []


def test_a_database_below_a_file_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    assert not table_of(tmp_path / "file/cache.duckdb").exists()


def test_asking_for_a_table_touches_no_file(target, tmp_path):
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names_in(tmp_path)}
    target.exists()
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in names_in(tmp_path)} == before


@pytest.mark.parametrize("change", [
    "update raw.prices set price = price + 1 where id = 1",
    "delete from raw.prices where id = 1",
    "insert into raw.prices values (3, 4.5)",
    "truncate raw.prices",
    "drop table raw.prices",
    "drop schema raw cascade",
    "drop table raw.pipeline_markers",
    "delete from raw.pipeline_markers",
    "update raw.pipeline_markers set fingerprint = 'abd'",
    "update raw.pipeline_markers set content_hash = null",
    "update raw.pipeline_markers set row_count = 7",
    "alter table raw.pipeline_markers drop column content_hash",
])  # fmt: skip
def test_a_table_that_was_changed_behind_its_marker_is_not_vouched_for(change, target):
    assert target.exists()
    execute(target.database, change)
    assert not target.exists()


def test_a_change_that_was_undone_is_none(target):
    execute(target.database, "update raw.prices set price = price + 1")
    execute(target.database, "update raw.prices set price = price - 1")
    assert target.exists()


def test_a_later_run_of_another_day_leaves_the_earlier_one_done(target):
    execute(target.database, "insert into raw.prices values (3, 4.5)")
    table_of(target.database, date(2026, 5, 16)).write()
    assert target.exists()


def test_of_two_runs_only_the_later_is_the_newest(target):
    table_of(target.database, date(2026, 5, 16)).write()
    assert target.newest_stamp() != target.stamp()


def test_a_table_that_no_longer_is_the_newest_run_s_makes_the_earlier_ones_undone_too(target):
    table_of(target.database, date(2026, 5, 16)).write()
    execute(target.database, "insert into raw.prices values (3, 4.5)")
    assert not target.exists()


def test_vouching_again_replaces_the_row(target):
    first = target.stamp()
    target.write()
    assert execute(target.database, "select count(*) from raw.pipeline_markers") == [(1,)]
    assert target.stamp() > first


def test_an_empty_table_can_be_vouched_for(target):
    execute(target.database, "truncate raw.prices")
    target.write()
    assert target.exists()


@pytest.mark.parametrize("content", [b"", b"garbage" * 4000], ids=["empty", "garbage"])
def test_a_damaged_database_vouches_for_nothing_and_stays_as_it_is(content, target):
    target.database.write_bytes(content)
    assert (target.exists(), target.stamp()) == (False, "")
    assert target.database.read_bytes() == content


def test_a_database_that_was_cut_vouches_for_nothing(target):
    target.database.write_bytes(target.database.read_bytes()[:-300_000])
    assert not target.exists()


def test_a_folder_in_the_place_of_a_database_vouches_for_nothing(tmp_path):
    (tmp_path / "cache.duckdb").mkdir()
    assert not table_of(tmp_path / "cache.duckdb").exists()


@pytest.mark.parametrize("question", ["exists", "stamp", "newest_stamp"])
def test_a_database_that_another_process_has_open_is_no_answer_but_an_error_in_time(question, target, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(duckdb_files, "time", clock)
    command = [sys.executable, "-c", HOLDER, str(target.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(database_errors.LockedDatabaseError):
            getattr(target, question)()
        holder.kill()
    assert sum(clock.naps) == pytest.approx(duckdb_files.PATIENCE_SECONDS, abs=0.1)  # so it is waited for once


def test_after_a_question_others_may_write(target):
    target.exists()
    command = [sys.executable, "-c", HOLDER, str(target.database)]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout == b"open\n"


# --- A table and the files that were made with it


# --- The readers' file


@pytest.fixture
def publication(tmp_path):
    """A function that gives the publication of a day."""
    (tmp_path / "crypto_data.duckdb").write_bytes(b"candles")

    def of(day, fingerprint="abc"):
        marker = Marker(tmp_path / f"markers/Publish_{day}.json", fingerprint, tmp_path)
        return Publication(marker, tmp_path / "crypto_data.duckdb", tmp_path / "markers/published.json")

    return of


def test_a_file_that_was_published_is_vouched_for(publication):
    publication(DAY).write({"candles": 8})
    assert publication(DAY).exists()


def test_a_file_that_nobody_published_is_not(publication):
    assert not publication(DAY).exists()


def test_a_day_stays_published_when_a_later_one_is(publication, tmp_path):
    publication(DAY).write({})
    (tmp_path / "crypto_data.duckdb").write_bytes(b"more candles")
    publication(date(2026, 5, 16)).write({})
    assert publication(DAY).exists()


def test_a_published_file_that_was_changed_makes_each_day_undone(publication, tmp_path):
    publication(DAY).write({})
    publication(date(2026, 5, 16)).write({})
    (tmp_path / "crypto_data.duckdb").write_bytes(b"other candles")
    assert not publication(DAY).exists()


def test_a_published_file_that_somebody_has_written_into_makes_each_day_undone(publication, tmp_path):
    """DuckDB reads the log beside a file as part of it: to a reader, the candles are what the log says."""
    publication(DAY).write({})
    (tmp_path / "crypto_data.duckdb.wal").write_bytes(b"what a reader wrote")
    assert not publication(DAY).exists()


def test_a_run_of_another_fingerprint_is_not_published(publication):
    publication(DAY).write({})
    assert not publication(DAY, "abd").exists()


def test_a_publication_vouches_for_the_file_first_and_for_the_run_last(publication, tmp_path):
    publication(DAY).write({})
    assert (tmp_path / "markers/published.json").stat().st_mtime_ns <= (
        tmp_path / f"markers/Publish_{DAY}.json"
    ).stat().st_mtime_ns
