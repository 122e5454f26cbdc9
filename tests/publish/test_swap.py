"""Publishing: one rename; readers see the old version or the new one, whole, and are never in the way."""

import contextlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from btc_pipeline.observe import journal
from btc_pipeline.publish import swap
from btc_pipeline.settings import public, sections
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import contract, database_errors
from tests.support.patience import PATIENCE

CONTRACT = json.loads((Path(__file__).resolve().parents[2] / "docs/contract.json").read_text())["tables"]
DAY = date(2026, 5, 15)
NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
SETTINGS = Settings(
    data_dir=None,  # type: ignore[arg-type] # the workspace is given apart
    source="sample",
    recordings=None,
    coins=("bitcoin",),
    vs_currencies=("usd",),
    days=7,
    max_age_hours=6.0,
    min_coverage=0.9,
    repeat_hours=12.0,
    five_minute_points=True,
    second_opinion=True,
    second_opinion_limit_bps=1.0,
    summary="table",
    now=NOW,
    plan="keyless",
    base_url="https://api.coingecko.com/api/v3",
    api_key_file=None,
    calls_a_minute=1000,
    calls_a_month=0,
    timeout_seconds=20.0,
    retries=4,
    max_wait_seconds=180.0,
    deadline_seconds=600.0,
)


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose path has to be quoted in SQL, with candles of one version in dbt's database."""
    workspace = Workspace(tmp_path / "it's data", "sample")
    workspace.temporary.mkdir(parents=True)
    workspace.work.parent.mkdir()
    make_candles(workspace, version=1)
    return workspace


def columns_of(table):
    return ", ".join(f"{name} {kind}" for name, kind in table.items())


def make_candles(workspace, version):
    """1,000 candles that all close at `version`, in no order."""
    with duckdb.connect(str(workspace.work)) as connection:
        connection.execute(
            f"create or replace table main.daily_candlestick as select 'coin-' || range % 3 as coin_id,"
            " 'usd' as vs_currency, date '2020-01-01' + (range * 7 % 1000)::integer as date,"
            f" {version}.25::double as close,"
            f" timestamp '2026-05-15 13:30:00' as extracted_at from range(1000);"
            "create schema if not exists pipeline; create schema if not exists published;"
            "create or replace table pipeline.this_run as"
            f" select 'models-1' as models, 'build-{version}' as build, '0' as exceptions, '' as failures,"
            " 'none' as proof;"
            f"create or replace table published.revisions ({columns_of(contract.REVISION)})"
        )
        for table in contract.TABLES.keys() - {"daily_candlestick"}:
            connection.execute(f"create or replace table main.{table} ({columns_of(CONTRACT[table])})")


def published(workspace, query):
    with duckdb.connect(str(workspace.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


TRANSFORM = journal.JournalEntry("Transform", "2026-05-15T13:31:00Z", 3.15, "done", "loaded=2 models=26 note=it's")


def swap_in(workspace, settings=SETTINGS):
    version = swap.Version(DAY, DAY - timedelta(days=7), DAY, {"singular:assert_it_is_so": "pass"}, [TRANSFORM])
    return swap.swap_in(settings, workspace, version)


# --- What is published


def test_each_candle_is_published(workspace):
    assert swap_in(workspace) == 1000
    assert published(workspace, "select count(*), min(close), max(close) from daily_candlestick") == [
        (1000, 1.25, 1.25)
    ]


def test_candles_are_stored_by_coin_currency_and_day(workspace):
    swap_in(workspace)
    rows = published(workspace, "select coin_id, vs_currency, date from daily_candlestick")
    assert rows == sorted(rows)


def test_columns_keep_their_names_order_and_types(workspace):
    with duckdb.connect(str(workspace.work)) as connection:
        before = connection.execute("describe main.daily_candlestick").fetchall()
    swap_in(workspace)
    assert published(workspace, "describe main.daily_candlestick") == before


def test_nothing_else_is_published(workspace):
    swap_in(workspace)
    assert published(workspace, "select schema_name, table_name from duckdb_tables() order by all") == [
        ("main", table) for table in sorted([*contract.TABLES, *contract.RUN_TABLES, "publication"])
    ]


def test_facts_about_the_version_lie_beside_the_candles(workspace):
    swap_in(workspace)
    facts = dict(published(workspace, "select key, value from publication"))
    published_at = facts.pop("published_at")
    assert facts == {
        "contract": contract.VERSION,
        "source": "SAMPLE (synthetic)",
        "is_sample": "true",
        "models": "models-1",
        "build": "build-1",
        "exceptions": "0",
        "failures": "",
        "proof": "none",
        "proved": "not proved yet",
        "run_date": "2026-05-15",
        "first_day": "2026-05-08",
        "last_day": "2026-05-15",
        "made_by": "Publish",
        "as_of": "2026-05-15T13:30:00Z",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", published_at)


@pytest.mark.parametrize(("changes", "source", "is_sample"), [
    ({"source": "live"}, "CoinGecko", "false"),
    ({"source": "live", "base_url": "http://127.0.0.1:8080"}, "live (127.0.0.1)", "false"),
], ids=["coingecko", "another host"])  # fmt: skip
def test_live_data_are_published_as_such(changes, source, is_sample, workspace):
    swap_in(workspace, replace(SETTINGS, **changes))
    facts = dict(published(workspace, "select key, value from publication"))
    assert (facts["source"], facts["is_sample"]) == (source, is_sample)


def test_a_source_with_a_quote_in_its_name_is_published(workspace, tmp_path):
    swap_in(workspace, replace(SETTINGS, recordings=tmp_path / "may's"))
    assert published(workspace, "select value from publication where key = 'source'") == [
        ("SAMPLE (recordings may's e3b0c442)",)
    ]


def test_no_candles_are_published_without_an_instant(workspace):
    with duckdb.connect(str(workspace.work)) as connection:
        connection.execute("truncate main.daily_candlestick")
    assert swap_in(workspace) == 0
    assert published(workspace, "select value from publication where key = 'as_of'") == [("",)]


def test_the_database_of_dbt_is_not_changed(workspace):
    before = workspace.work.read_bytes()
    swap_in(workspace)
    assert workspace.work.read_bytes() == before


def test_nothing_is_left_in_the_scratch_folder(workspace):
    swap_in(workspace)
    assert list(workspace.temporary.iterdir()) == []


# --- Readers

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("select 1")
for _ in sys.stdin:
    print(connection.execute("select min(close), max(close), count(*) from daily_candlestick").fetchall(), flush=True)
"""

OPENER = """
import sys, duckdb
seen = set()
print("ready", flush=True)
while not sys.stdin.closed:
    connection = duckdb.connect(sys.argv[1], read_only=True)
    rows = connection.execute("select min(close), max(close), count(*) from daily_candlestick").fetchall()
    facts = connection.execute("select count(*) from publication").fetchall()
    connection.close()
    seen.add((rows[0], facts[0]))
    if len(seen) >= int(sys.argv[2]):
        break
print(sorted(seen))
"""


@contextlib.contextmanager
def reading(script, *arguments):
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        yield reader
        reader.kill()


def ask(reader):
    reader.stdin.write("again\n")
    reader.stdin.flush()
    return reader.stdout.readline()


def test_an_open_reader_keeps_its_version_whole_and_does_not_hold_us_up(workspace):
    swap_in(workspace)
    with reading(READER, workspace.published) as reader:
        before = ask(reader)
        make_candles(workspace, version=2)
        swap_in(workspace)
        assert ask(reader) == before == "[(1.25, 1.25, 1000)]\n"


def test_a_reader_who_opens_anew_sees_the_new_version(workspace):
    swap_in(workspace)
    make_candles(workspace, version=2)
    swap_in(workspace)
    assert published(workspace, "select distinct close from daily_candlestick") == [(2.25,)]


def test_whoever_opens_it_at_any_moment_finds_a_whole_version(workspace):
    swap_in(workspace)
    with reading(OPENER, workspace.published, 4) as reader:
        reader.stdout.readline()
        for version in range(2, 200):
            make_candles(workspace, version)
            swap_in(workspace)
            if reader.poll() is not None:
                break
        seen = reader.stdout.readline()
    assert re.fullmatch(r"\[(\(\((\d+\.25), \2, 1000\), \(\d+,\)\)(, )?){4}\]\n", seen)


# --- When it fails


def without_table(workspace):
    with duckdb.connect(str(workspace.work)) as connection:
        connection.execute("drop table main.daily_candlestick")


def without_column(workspace):
    with duckdb.connect(str(workspace.work)) as connection:
        connection.execute("alter table main.daily_candlestick drop column extracted_at")


def damaged(workspace):
    workspace.work.write_bytes(b"garbage" * 4000)


def gone(workspace):
    workspace.work.unlink()


@pytest.mark.parametrize("fail", [without_table, without_column, damaged, gone], ids=lambda fail: fail.__name__)
def test_a_copy_that_fails_leaves_the_old_file_as_it_was(fail, workspace):
    swap_in(workspace)
    before = (workspace.published.stat().st_ino, workspace.published.read_bytes())
    fail(workspace)
    with pytest.raises((database_errors.DatabaseError, OSError)):
        swap_in(workspace)
    assert (workspace.published.stat().st_ino, workspace.published.read_bytes()) == before


def test_after_a_copy_that_failed_the_next_one_succeeds(workspace):
    without_table(workspace)
    with pytest.raises(database_errors.MissingTableError):
        swap_in(workspace)
    make_candles(workspace, version=3)
    assert swap_in(workspace) == 1000


def test_a_copy_that_was_killed_is_no_obstacle(workspace):
    (workspace.temporary / workspace.published.name).write_bytes(b"half a database")
    assert swap_in(workspace) == 1000


def test_a_published_file_that_was_damaged_is_healed(workspace):
    workspace.published.write_bytes(b"garbage")
    swap_in(workspace)
    assert published(workspace, "select count(*) from daily_candlestick") == [(1000,)]


def test_a_reader_who_wrote_into_it_and_died_does_not_disturb_the_next_version(workspace):
    swap_in(workspace)
    script = (
        "import os, sys, duckdb; c = duckdb.connect(sys.argv[1]);"
        "c.execute('update daily_candlestick set close = 0'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, str(workspace.published)], check=False, timeout=PATIENCE)
    assert workspace.published.with_name("crypto_data.duckdb.wal").exists()
    make_candles(workspace, version=2)
    swap_in(workspace)
    assert published(workspace, "select distinct close from daily_candlestick") == [(2.25,)]


def test_swapping_in_leaves_no_connection_open(workspace):
    swap_in(workspace)
    held = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(descriptor.readlink())
    assert [path for path in held if path.is_relative_to(workspace.root)] == []


# --- The evidence of the run


def test_a_version_says_what_its_checks_came_to(workspace):
    swap_in(workspace)
    assert published(workspace, "from run_checks") == [("singular:assert_it_is_so", "pass")]


def test_a_version_says_what_the_steps_before_it_did(workspace):
    swap_in(workspace)
    assert published(workspace, "from run_steps") == [
        ("Transform", datetime(2026, 5, 15, 13, 31), 3.15, "done", "loaded=2 models=26 note=it's")  # noqa: DTZ001
    ]


def test_a_version_says_which_packages_made_it(workspace):
    swap_in(workspace)
    versions = dict(published(workspace, "from run_versions"))
    assert versions["duckdb"] == duckdb.__version__
    assert {"python", "luigi", "airbyte", "dbt-core", "mplfinance"} <= versions.keys()


def test_a_version_shows_each_setting_or_says_why_not(workspace):
    swap_in(workspace)
    shown = {(section, key) for section, key, _ in published(workspace, "from run_settings")}
    known = {(section.get_task_family(), key) for section in sections.SECTIONS for key, _ in section.get_params()}
    assert shown == known - public.HIDDEN.keys()


def test_a_version_shows_no_secret_and_no_path(workspace, tmp_path):
    private = replace(
        SETTINGS,
        recordings=tmp_path / "may",
        api_key_file=tmp_path / "key",
        base_url="https://proxy.example/secret-token/api/v3",
    )
    assert "secret-token" not in str(public.shown(private))
    assert str(tmp_path) not in str(public.shown(private))
