"""The last good version beside the new one: what was published, whatever became of its file; the ledger's files."""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from btc_pipeline.lake import last_version
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.targets.marker import Marker
from btc_pipeline.targets.publication import NEWEST
from btc_pipeline.transform import previous_version
from btc_pipeline.warehouse import contract
from tests.support.patience import PATIENCE

SOURCE = "SAMPLE (synthetic)"
CANDLE = {
    "coin_id": "bitcoin",
    "vs_currency": "usd",
    "date": "2026-05-14",
    "open": 1.0,
    "high": 2.0,
    "low": 0.5,
    "close": 1.5,
    "volume_24h": None,
    "market_cap": None,
    "points": 24,
    "expected_points": 24,
    "coverage": 1.0,
    "granularity": "hourly",
    "first_point_at": "2026-05-14",
    "last_point_at": "2026-05-14",
    "status": "final",
    "is_closed_by_live_point": False,
    "extracted_at": "2026-05-15",
    "source": SOURCE,
    "doubts": [],
}
REVISION = dict.fromkeys(contract.REVISION) | {"coin_id": "bitcoin", "field": "close", "source": SOURCE}


FACTS = {"models": "models-1", "build": "build-1"}


@pytest.fixture
def folder(tmp_path):
    """A workspace whose files have to be quoted in SQL."""
    folder = tmp_path / "it's data"
    for name in ("it's revisions", "markers", "tmp", "work"):
        (folder / name).mkdir(parents=True)
    return folder


def published_in(folder):
    return folder / "it's.duckdb"


def copy(folder):
    """Make the pipeline's own copy of the published file."""
    workspace = Workspace(folder.parent, folder.name)
    with duckdb.connect(str(published_in(folder)), read_only=True) as opened:
        candles = last_version.write_candles(opened, workspace)
    last_version.keep(workspace, published_in(folder), candles, FACTS)


def mark(folder):
    """Note the checksum of the published file, as Publish does."""
    Marker(folder / "markers/published.json", NEWEST, folder).write(made=[published_in(folder)])


def publish(folder, columns=CANDLE):
    values = ", ".join(f"{json.dumps(value).replace(chr(34), chr(39))} as {name}" for name, value in columns.items())
    with duckdb.connect(str(published_in(folder))) as connection:
        connection.execute(f"create or replace table daily_candlestick as select {values}")
        connection.execute(
            "create or replace table publication as from (values {}) as facts(key, value)".format(
                ", ".join(map(str, FACTS.items()))
            )
        )
    copy(folder)
    mark(folder)


def loaded_with_notes(folder, query, provenance=SOURCE):
    with duckdb.connect() as connection:
        notes = previous_version.load(connection, published_in(folder), folder / "it's revisions", provenance)
        return connection.execute(query).fetchall(), notes


def loaded(folder, query, provenance=SOURCE):
    return loaded_with_notes(folder, query, provenance)[0]


def test_what_readers_have_lies_beside_the_new_version(folder):
    publish(folder)
    assert loaded(folder, "select coin_id, close, source from published.daily_candlestick") == [
        ("bitcoin", 1.5, SOURCE)
    ]
    assert dict(loaded(folder, "from published.publication")) == FACTS


def test_before_the_first_publication_there_is_nothing_to_compare_with(folder):
    assert loaded(folder, "from published.daily_candlestick") == loaded(folder, "from published.publication") == []


def test_candles_of_another_source_are_no_earlier_version(folder):
    publish(folder)
    assert loaded(folder, "from published.daily_candlestick", "CoinGecko") == []
    assert loaded(folder, "from published.publication", "CoinGecko") == []


def test_a_version_by_a_contract_without_these_columns_is_not_compared_with(folder):
    publish(folder, {"coin_id": "bitcoin", "source": SOURCE})
    assert loaded(folder, "from published.daily_candlestick") == []


# --- A published file that is not as it was published


def overwritten(at, content):
    def change(path):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content)

    return change


def edited(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("update daily_candlestick set close = 6.5; checkpoint")


def edited_and_killed(path):
    script = (
        "import os, sys, duckdb; c = duckdb.connect(sys.argv[1]);"
        "c.execute('update daily_candlestick set close = 6.5'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=PATIENCE)
    assert path.with_name(path.name + ".wal").exists()


CHANGES = {
    "a flipped byte": overwritten(300_000, b"\x01"),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "not of DuckDB": lambda path: path.write_bytes(b"damage" * 10_000),
    "edited": edited,
    "edited, with its log": edited_and_killed,
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_of_a_file_that_was_changed_the_copy_is_taken_and_one_line_says_so(change, folder):
    publish(folder)
    change(published_in(folder))
    rows, notes = loaded_with_notes(folder, "select columns(*)::varchar from published.daily_candlestick")
    assert len(notes) == 1
    assert f"does not use the published file {published_in(folder)}: " in notes[0]
    assert "own copy of the last version is taken instead" in notes[0]
    published_in(folder).unlink(missing_ok=True)
    published_in(folder).with_name("it's.duckdb.wal").unlink(missing_ok=True)
    publish(folder)
    assert loaded_with_notes(folder, "select columns(*)::varchar from published.daily_candlestick") == (rows, [])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("damaged", ["last_version.json", "last_version.parquet"])
def test_without_a_good_copy_nothing_is_compared_with_and_the_line_says_so(damaged, change, folder):
    publish(folder)
    change(published_in(folder))
    overwritten(60, b"~")(folder / "work" / damaged)
    rows, notes = loaded_with_notes(folder, "from published.daily_candlestick")
    assert (rows, len(notes)) == ([], 1)
    assert "changes of its candles cannot be found this time" in notes[0]


def test_a_version_that_was_published_and_not_yet_marked_is_the_previous_one(folder):
    publish(folder)
    marker = (folder / "markers/published.json").read_bytes()
    publish(folder, CANDLE | {"close": 1.75})
    (folder / "markers/published.json").write_bytes(marker)
    assert loaded_with_notes(folder, "select close from published.daily_candlestick") == ([(1.75,)], [])


def test_a_copy_of_a_version_that_was_never_published_is_not_the_previous_one(folder):
    publish(folder, CANDLE | {"close": 1.75})
    newer = {path: path.read_bytes() for path in (folder / "work").iterdir()}
    publish(folder)
    for path, content in newer.items():
        path.write_bytes(content)
    assert loaded_with_notes(folder, "select close from published.daily_candlestick") == ([(1.5,)], [])
    edited(published_in(folder))
    rows, notes = loaded_with_notes(folder, "select close from published.daily_candlestick")
    assert (rows, len(notes)) == ([], 1)


def test_a_version_of_a_project_that_kept_no_copy_is_known_by_its_marker(folder):
    publish(folder)
    for path in (folder / "work").iterdir():
        path.unlink()
    assert loaded_with_notes(folder, "select close from published.daily_candlestick") == ([(1.5,)], [])


def test_a_file_that_nothing_vouches_for_is_not_compared_with(folder):
    publish(folder)
    for path in ((folder / "markers/published.json"), *(folder / "work").iterdir()):
        path.unlink()
    rows, notes = loaded_with_notes(folder, "from published.daily_candlestick")
    assert (rows, len(notes)) == ([], 1)


def test_a_copy_has_the_facts_of_its_version(folder):
    publish(folder)
    published_in(folder).unlink()
    assert dict(loaded(folder, "from published.publication")) == FACTS
    assert loaded(folder, "from published.publication", "CoinGecko") == []


# --- The ledger


def test_the_ledger_is_all_its_files_of_this_source(folder):
    for name, source in (("one", SOURCE), ("two", SOURCE), ("three", "CoinGecko")):
        line = json.dumps(REVISION | {"new_value": name, "source": source})
        (folder / "it's revisions" / f"{name}.ndjson").write_text(line + "\n")
    assert sorted(loaded(folder, "select new_value from published.revisions")) == [("one",), ("two",)]


def test_a_damaged_file_of_the_ledger_costs_no_other(folder):
    for name in ("one", "three"):
        line = json.dumps(REVISION | {"new_value": name})
        (folder / "it's revisions" / f"{name}.ndjson").write_text(line + "\n")
    (folder / "it's revisions" / "two.ndjson").write_text('{"coin_id": "bit')
    assert loaded(folder, "select new_value from published.revisions") == [("one",), ("three",)]
