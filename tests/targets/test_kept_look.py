"""A look into a database that is kept beside it: used while the file is the same, and for nothing else."""

import json
import os
from datetime import date
from pathlib import Path

import duckdb
import pytest

from btc_pipeline.targets import duckdb_table, kept_look
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.marker import Marker

DAY = date(2026, 5, 15)


def table_of(database, day=DAY):
    return DuckDBTarget(database, "raw.prices", "raw.pipeline_markers", "ExtractAndLoad", day, "abc")


def execute(database, sql):
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)


@pytest.fixture
def target(tmp_path):
    """A table that is vouched for, in a database whose look is kept; an earlier day has a marker row too."""
    database = tmp_path / "cache.duckdb"
    execute(database, "create schema raw; create table raw.prices as select range as id from range(3)")
    table_of(database, date(2026, 5, 14)).write()
    target = table_of(database)
    target.write()
    target.keep_look()
    return target


@pytest.fixture
def looks(monkeypatch):
    """In a new process: how often DuckDB has looked since."""
    found: list[Path] = []
    look_into = DuckDBTarget._look_into

    def counted(target):
        found.append(target.database)
        return look_into(target)

    monkeypatch.setattr(DuckDBTarget, "_look_into", counted)
    monkeypatch.setattr(duckdb_table, "_seen", {})
    return found


def record_of(target):
    return target.database.with_suffix(".look.json")


def test_while_the_file_is_the_same_duckdb_does_not_look(target, looks):
    whole = DuckDBTarget._look_into(target)
    looks.clear()
    own = next(row for row in whole[0] if row["day"] == DAY)
    assert (target.exists(), target.stamp(), target.newest_stamp()) == (True, own["stamp"], own["stamp"])
    assert (target.newest_step(), looks) == (("ExtractAndLoad", "2026-05-15"), [])


def test_another_fingerprint_is_not_vouched_for_by_a_kept_look(target, looks):
    target.fingerprint = "abd"
    assert (target.exists(), looks) == (False, [])


def test_another_day_is_looked_for(target, looks):
    assert (table_of(target.database, date(2026, 5, 14)).exists(), looks) == (True, [target.database])


def test_a_day_that_is_looked_for_hides_none_of_the_other_ones(target, looks):
    assert target.exists()
    assert table_of(target.database, date(2026, 5, 14)).stamp()
    assert target.exists()
    assert table_of(target.database, date(2026, 5, 13)).stamp() == ""


def test_times_alone_mean_nothing(target, looks):
    os.utime(target.database, ns=(1, 1))
    assert (target.exists(), looks) == (True, [])


@pytest.mark.parametrize("change", [
    "update raw.prices set id = 7 where id = 1",
    "truncate raw.prices",
    "drop table raw.prices",
    "delete from raw.pipeline_markers where day = '2026-05-15'",
])  # fmt: skip
def test_a_changed_table_is_seen_although_its_times_and_its_inode_are_as_before(change, target, looks):
    before = target.database.stat()
    execute(target.database, change)
    os.utime(target.database, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (target.exists(), looks) == (False, [target.database])


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_no_damaged_byte_goes_unnoticed(place, target, looks):
    with target.database.open("r+b") as file:
        file.seek(int(place * target.database.stat().st_size))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    target.exists()
    assert looks == [target.database]


def test_a_database_that_is_gone_is_gone(target, looks):
    target.database.unlink()
    assert (target.exists(), target.stamp()) == (False, "")


def test_with_a_log_beside_the_file_duckdb_looks(target, looks):
    target.database.with_name("cache.duckdb.wal").write_bytes(b"")
    assert (target.exists(), looks) == (True, [target.database])


def changed(**changes):
    def change(record):
        record.write_text(json.dumps(json.loads(record.read_text()) | changes))

    return change


def another_answer(record):
    record.write_text(record.read_text().replace('"row_count": 3', '"row_count": 4'))


def a_folder(record):
    record.unlink()
    record.mkdir()


@pytest.mark.parametrize("spoil", [
    Path.unlink,
    a_folder,
    another_answer,
    lambda record: record.write_bytes(b""),
    lambda record: record.write_bytes(record.read_bytes()[:100]),
    lambda record: record.write_text("[]"),
    changed(format=999),
    changed(fingerprint="0 another version of this project"),
    changed(files={}),
    changed(files={"cache.duckdb": None}),
    changed(files={"other.duckdb": "0" * 64}),
    changed(facts={}),
    changed(facts={"seen": None, "hash": None}),
], ids=["gone", "folder", "another answer", "empty", "half", "list", "format", "version", "no file", "no checksum",
        "another file", "no facts", "odd facts"])  # fmt: skip
def test_a_record_that_is_not_as_it_was_written_is_passed_over(spoil, target, looks):
    spoil(record_of(target))
    assert (target.exists(), looks) == (True, [target.database])


def test_of_a_large_database_no_look_is_kept_and_none_is_used(target, looks, monkeypatch):
    monkeypatch.setattr(kept_look, "LARGEST", 1000)
    assert (target.exists(), looks) == (True, [target.database])
    record_of(target).unlink()
    target.keep_look()
    assert not record_of(target).exists()


def test_what_somebody_has_changed_meanwhile_is_not_kept(target):
    def look():
        execute(target.database, "insert into raw.prices values (9)")
        return {"seen": "before the change"}

    kept_look.keep(target.database, "a question", look)
    assert kept_look.read(target.database, "a question") is None
    assert not record_of(target).exists()


def test_a_look_that_cannot_be_kept_is_no_failure(target, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("read-only folder")

    record_of(target).unlink()
    monkeypatch.setattr(Marker, "write", refuse)
    target.keep_look()
    assert target.exists()
    assert not record_of(target).exists()


def test_a_look_at_nothing_is_not_kept(tmp_path):
    table_of(tmp_path / "gone.duckdb").keep_look()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_has_no_kept_answer(target, looks):
    target.database.write_bytes(b"garbage" * 4000)
    target.keep_look()
    assert (target.exists(), target.stamp()) == (False, "")
