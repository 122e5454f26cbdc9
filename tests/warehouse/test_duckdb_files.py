"""Opening DuckDB: locked, damaged, missing and full are told apart, and every connection is closed again."""

import contextlib
import os
import random
import subprocess
import sys

import duckdb
import pytest

from btc_pipeline.warehouse import database_errors, duckdb_files, marker_rows
from tests.support.clock import Clock
from tests.support.patience import PATIENCE

HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path):
    """A database with a table of three rows."""
    path = tmp_path / "some.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table prices as select * from (values (1, 1.5), (2, 2.5), (3, null)) as rows(id, price)"
        )
    return path


@contextlib.contextmanager
def opened_elsewhere(path, how):
    """Another process that has the database open until its standard input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        yield holder
        holder.kill()


@pytest.fixture
def impatient(monkeypatch):
    """For tests whose subject is not the five seconds."""
    monkeypatch.setattr(duckdb_files, "PATIENCE_SECONDS", 0.2)


def rows_of(path, query="select * from prices order by id", *, read_only=True):
    with duckdb_files.opened(path, read_only=read_only) as connection:
        return connection.execute(query).fetchall()


# --- Opening and closing


@pytest.mark.parametrize("read_only", [True, False], ids=["reading", "writing"])
def test_a_database_is_read(read_only, database):
    assert rows_of(database, read_only=read_only) == [(1, 1.5), (2, 2.5), (3, None)]


def test_writing_makes_a_database(tmp_path):
    rows_of(tmp_path / "new.duckdb", "select 1", read_only=False)
    assert (tmp_path / "new.duckdb").exists()


def test_reading_makes_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        rows_of(tmp_path / "new.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_reading_changes_nothing(database):
    before = (database.read_bytes(), database.stat().st_mtime_ns)
    rows_of(database)
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before


def test_a_reader_cannot_write(database):
    with pytest.raises(duckdb.Error, match="read-only"):
        rows_of(database, "delete from prices")


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/New_York"])
def test_the_zone_is_utc_on_every_machine(zone, database):
    query = "select timestamptz '2026-05-15 23:30:00+00'::date::varchar, current_setting('TimeZone')"
    script = (
        "from pathlib import Path\nfrom btc_pipeline.warehouse import duckdb_files\n"
        f"with duckdb_files.opened(Path({str(database)!r})"
        + (f", read_only=True) as connection:\n    print(connection.execute({query!r}).fetchone())")
    )
    environment = os.environ | {"TZ": zone, "BTC_PIPELINE_CHILD": "1"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "('2026-05-15', 'UTC')\n"


@pytest.mark.parametrize("error", [ValueError, duckdb.CatalogException, duckdb.IOException, KeyboardInterrupt])
def test_after_an_error_the_database_is_closed(error, database):
    with contextlib.suppress(error, database_errors.DatabaseError), duckdb_files.opened(database, read_only=False):
        raise error("of the block")
    with opened_elsewhere(database, "write"):
        pass


def test_after_writing_all_of_it_is_in_the_file_itself(database):
    rows_of(database, "insert into prices values (4, 4.5)", read_only=False)
    assert [path.name for path in database.parent.iterdir()] == ["some.duckdb"]


def test_what_was_written_in_a_transaction_that_failed_is_not_there(database):
    with contextlib.suppress(ValueError), duckdb_files.opened(database, read_only=False) as connection:
        connection.execute("begin")
        connection.execute("delete from prices")
        raise ValueError("too late")
    assert len(rows_of(database)) == 3


def test_no_query_imports_pandas(database):
    script = f"""
import sys
from pathlib import Path
from btc_pipeline.warehouse import duckdb_files
with duckdb_files.opened(Path({str(database)!r}), read_only=True) as connection:
    connection.execute("select * from prices where id = " + duckdb_files.quoted("1")).fetchall()
print("pandas" in sys.modules)
"""
    environment = os.environ | {"BTC_PIPELINE_CHILD": "1"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


# --- Locked


@pytest.mark.parametrize(("theirs", "ours"), [("write", "read"), ("write", "write"), ("read", "write")])
def test_a_database_that_another_process_has_open_is_locked(theirs, ours, database, impatient):
    with (
        opened_elsewhere(database, theirs),
        pytest.raises(database_errors.LockedDatabaseError, match="Could not set lock"),
    ):
        rows_of(database, read_only=ours == "read")


def test_two_readers_do_not_mind_each_other(database):
    with opened_elsewhere(database, "read"):
        assert len(rows_of(database)) == 3


def test_a_lock_is_waited_for_five_seconds_and_often_looked_at(database, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(duckdb_files, "time", clock)
    with opened_elsewhere(database, "write"), pytest.raises(database_errors.LockedDatabaseError):
        rows_of(database)
    assert sum(clock.naps) == pytest.approx(5, abs=0.1)
    assert max(clock.naps) <= 0.1


def test_a_lock_that_is_given_up_in_time_is_no_error(database, monkeypatch):
    monkeypatch.setattr(duckdb_files, "PATIENCE_SECONDS", PATIENCE)
    with opened_elsewhere(database, "write") as holder:
        holder.stdin.close()
        assert len(rows_of(database)) == 3


# --- Damaged


def cut(content, chance):
    return content[: chance.randrange(1, len(content) // 2)]


def flip(content, chance):
    damaged = bytearray(content)
    for _ in range(20):
        damaged[chance.randrange(0, 12_288)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def garbage(content, chance):
    return chance.randbytes(len(content))


def of_tomorrow(content, chance):
    return content[:12] + (200).to_bytes(8, "little") + content[20:]


def text(content, chance):
    return b"no database, but a text\n" * 1000


@pytest.mark.parametrize("damage", [cut, flip, garbage, of_tomorrow, text], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("read_only", [True, False], ids=["reading", "writing"])
def test_a_file_that_is_no_whole_database_is_damaged(damage, seed, read_only, database):
    database.write_bytes(damage(database.read_bytes(), random.Random(seed)))
    with pytest.raises(database_errors.DamagedDatabaseError) as damaged:
        rows_of(database, "select bit_xor(hash(each)) from prices as each", read_only=read_only)
    assert str(database) in str(damaged.value)
    assert len(str(damaged.value).splitlines()) == 1


def test_a_folder_in_the_place_of_a_database_is_damaged(tmp_path):
    with pytest.raises(database_errors.DamagedDatabaseError):
        rows_of(tmp_path)


def test_an_empty_file_holds_no_table(database):
    database.write_bytes(b"")
    with pytest.raises((database_errors.DamagedDatabaseError, database_errors.MissingTableError)):
        rows_of(database)


def test_the_log_of_a_killed_writer_is_taken_in(database):
    killed = (
        f"import duckdb, os; c = duckdb.connect({str(database)!r}); c.execute('insert into prices values (9, 9.5)');"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed], check=False)
    log = database.with_name(database.name + ".wal")
    assert log.exists()
    before = rows_of(database)
    duckdb_files.finish(database)
    assert not log.exists()
    assert rows_of(database) == before


def test_a_damaged_log_is_left_to_whoever_opens_the_database(database):
    database.write_bytes(b"garbage")
    database.with_name(database.name + ".wal").write_bytes(b"garbage")
    duckdb_files.finish(database)
    assert database.read_bytes() == b"garbage"


def test_a_damaged_database_is_set_aside_with_its_log_and_makes_room(database):
    database.write_bytes(b"garbage")
    log = database.with_name(database.name + ".wal")
    log.write_bytes(b"garbage")
    aside = duckdb_files.set_aside(database)
    rows_of(database, "select 1", read_only=False)
    assert aside.read_bytes() == b"garbage"
    assert not log.exists()


def test_of_databases_set_aside_the_latest_is_kept(database):
    for content in (b"first", b"second"):
        database.write_bytes(content)
        aside = duckdb_files.set_aside(database)
    assert aside.read_bytes() == b"second"


# --- What is not there, and what may not be


@pytest.mark.parametrize("query", ["select * from absent", "select * from raw.absent", "select absent from prices"])
def test_a_table_or_column_that_is_not_there_is_missing(query, database):
    with pytest.raises(database_errors.MissingTableError, match="absent"):
        rows_of(database, query)


@pytest.mark.parametrize("variable", [[1], "text"], ids=["list", "text"])
def test_a_table_that_is_not_there_is_no_variable_of_python_s(variable, database):
    absent = variable
    with pytest.raises(database_errors.MissingTableError), duckdb_files.opened(database, read_only=True) as connection:
        connection.execute("select * from raw.absent")
    assert absent is variable


@pytest.fixture
def unreadable(database):
    database.chmod(0)
    return database


@pytest.fixture
def powerless():
    """Not root, who may read everything: somebody else for the length of a test."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


def test_a_file_that_may_not_be_read_is_no_damage(unreadable, powerless):
    with pytest.raises(OSError, match="Permission denied"):
        rows_of(unreadable)


def test_a_folder_that_is_not_there_is_no_damage(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        rows_of(tmp_path / "gone/new.duckdb", read_only=False)


# --- SQL texts


@pytest.mark.parametrize(
    "text", ["", "a", "it's", "''", "\\", "%", "\N{SNOWMAN}", "x'; drop table prices; --", "\n"], ids=ascii
)
def test_a_quoted_text_is_that_text(text, database):
    assert rows_of(database, f"select {duckdb_files.quoted(text)}") == [(text,)]


@pytest.mark.parametrize("content", [marker_rows.content, marker_rows.content_of_text], ids=["values", "text"])
@pytest.mark.parametrize(("change", "is_seen"), [
    ("update prices set price = 2.6 where id = 2", True),
    ("update prices set price = 0 where price is null", True),
    ("insert into prices values (4, 4.5)", True),
    ("delete from prices where id = 3", True),
    ("update prices set price = case id when 1 then 2.5 when 2 then 1.5 end", True),
    ("create or replace table prices as select * from prices order by id desc", False),
], ids=["value", "null", "row more", "row less", "values swapped", "order"])  # fmt: skip
def test_the_content_of_a_table_tells_any_change_but_of_order(change, is_seen, content, database):
    query = f"select {content('prices')}"
    before = rows_of(database, query)
    rows_of(database, change, read_only=False)
    assert (rows_of(database, query) != before) is is_seen


@pytest.mark.parametrize("content", [marker_rows.content, marker_rows.content_of_text], ids=["values", "text"])
def test_the_content_of_an_empty_table_is_told(content, database):
    rows_of(database, "delete from prices", read_only=False)
    assert rows_of(database, f"select {content('prices')}") == [(0, "0")]
