"""The loader: each good answer once, in the order of extraction, into a database that can be built anew at any time."""

import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.targets.marker import Marker
from btc_pipeline.targets.publication import NEWEST
from btc_pipeline.transform import loader, touched_days, work_checksum
from btc_pipeline.transform.failing_rows import Place
from btc_pipeline.warehouse import contract, database_errors, duckdb_files

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
REQUEST = raw_archive.Request(
    coin_id="bitcoin",
    vs_currency="usd",
    date=NOW.date(),
    window_from=datetime(2026, 5, 13, tzinfo=timezone.utc),
    window_to=NOW,
    extracted_at=NOW,
    provenance="SAMPLE (synthetic)",
    stream=MARKET_CHART,
)


@pytest.fixture
def workspace(tmp_path):
    """Folders with a name that has to be quoted, in paths and in SQL."""
    folder = tmp_path / "it's a workspace"
    (folder / "tmp").mkdir(parents=True)
    return folder


@pytest.fixture
def job(workspace):
    return loader.Load(
        database=workspace / "work/crypto_data.duckdb",
        raw=workspace / "raw",
        compacted=workspace / "work/answers",
        published=workspace / "crypto_data.duckdb",
        ledger=workspace / "revisions",
        failures=workspace / "failures",
        proofs=workspace / "proofs",
        proof=None,
        scratch=workspace / "tmp",
        provenance="SAMPLE (synthetic)",
        points="points-1",
        answers_by="",
        built_from="models-1",
        step="Transform",
        day="2026-05-15",
        pairs=(Pair("bitcoin", "usd"),),
        wanted=(Pair("bitcoin", "usd"), Pair("solana", "usd")),
        repeat_hours=12.0,
        as_of="2026-05-15T13:30:00",
        until="",
        decisions=None,
        fingerprint="abc",
        stamp="20260515T133000.000000Z-abcdef",
    )


@pytest.fixture
def keep(workspace):
    """A function that puts an answer, changed or not, into the archive."""

    def keep(change=lambda chart: None, **changes):
        request = replace(REQUEST, **changes)
        chart = json.loads(json.dumps(market_chart(request.coin_id)))
        change(chart)
        return raw_archive.keep(workspace / "raw", request, json.dumps(chart).encode())

    return keep


def market_chart(coin_id="bitcoin"):
    return synthetic.market_chart(coin_id, "usd", REQUEST.window_from, REQUEST.window_to, NOW)


def after(minutes):
    return NOW + timedelta(minutes=minutes)


def rows_of(database, query):
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def loaded_in(job):
    return rows_of(job.database, "select load_number, coin_id, archive_file from raw.market_chart order by load_number")


def execute(database, sql):
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)


def vouched_for(published):
    """Let the marker say that the file is as it was published."""
    Marker(published.parent / "markers/published.json", NEWEST, published.parent).write(made=[published])


# --- What is loaded


def test_an_empty_archive_makes_empty_tables(job):
    assert loader.load(job) == (0, [])
    assert loaded_in(job) == []


def test_answers_are_loaded_in_the_order_of_their_extraction(job, keep):
    entries = [keep(extracted_at=after(minutes)) for minutes in (2, 0, 1)]
    assert loader.load(job) == (3, [])
    assert [file for *_, file in loaded_in(job)] == [entries[number].file for number in (1, 2, 0)]


def test_load_numbers_count_from_1_without_a_gap_over_all_loads(job, keep):
    for minutes in (0, 5, 3):
        keep(extracted_at=after(minutes))
        loader.load(job)
    assert [number for number, *_ in loaded_in(job)] == [1, 2, 3]


@pytest.mark.parametrize("batch", [1, 10_000, 20_000, 10**9], ids="{:,} bytes".format)
def test_in_batches_the_same_is_loaded(job, keep, monkeypatch, batch):
    def damaged(chart):
        chart["prices"][7][1] = -1

    monkeypatch.setattr(loader, "BATCH", batch)
    good = [keep(extracted_at=after(minutes)) for minutes in range(3)]
    bad = keep(damaged, extracted_at=after(3))
    last = keep(extracted_at=after(4), coin_id="solana")
    count, notes = loader.load(job)
    assert (count, [note.split(": ")[1] for note in notes]) == (4, [bad.file])
    assert [(number, file) for number, _, file in loaded_in(job)] == [
        (number, entry.file) for number, entry in enumerate([*good, last], start=1)
    ]
    days = [date(2026, 5, day) for day in (13, 14, 15)]
    assert touched_in(job) == [(coin, day) for coin in ("bitcoin", "solana") for day in days]


@pytest.mark.parametrize("killed_after", range(5))
def test_a_load_that_was_killed_goes_on_where_it_was(job, keep, workspace, monkeypatch, killed_after):
    """Each answer is a batch. What is committed is not read again, and no answer is loaded twice."""
    monkeypatch.setattr(loader, "BATCH", 1)
    files = [keep(extracted_at=after(minutes)).file for minutes in range(3)]
    files.append(keep_ohlc(workspace, "bitcoin").file)
    insert, inserted = loader._insert, list[str]()

    def killed(connection, job, table, columns, rows):
        if len(inserted) == killed_after:
            raise KeyboardInterrupt
        inserted.extend(row["archive_file"] for row in rows)
        insert(connection, job, table, columns, rows)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt) if killed_after < 4 else nullcontext():
        patched.setattr(loader, "_insert", killed)
        loader.load(job)
    assert inserted == files[:killed_after]
    assert loader.load(job) == (3 - min(killed_after, 3), [])
    assert [file for *_, file in loaded_in(job)] == files[:3]
    assert rows_of(job.database, "select archive_file from raw.ohlc") == [(files[3],)]
    assert touched_in(job) == [("bitcoin", date(2026, 5, day)) for day in (13, 14, 15)]


def test_a_second_load_loads_nothing(job, keep):
    keep()
    loader.load(job)
    before = rows_of(job.database, "from raw.market_chart")
    assert loader.load(job) == (0, [])
    assert rows_of(job.database, "from raw.market_chart") == before


def test_only_what_is_new_is_loaded(job, keep):
    keep()
    loader.load(job)
    keep(coin_id="ethereum")
    assert loader.load(job) == (1, [])
    assert [coin for _, coin, _ in loaded_in(job)] == ["bitcoin", "ethereum"]


def test_answers_of_any_coin_currency_and_day_are_loaded(job, keep):
    keep()
    keep(coin_id="ethereum")
    keep(vs_currency="eur")
    keep(date=date(2026, 5, 14))
    assert loader.load(job) == (4, [])


def test_a_row_says_what_was_asked_and_what_was_answered(job, keep):
    entry = keep()
    loader.load(job)
    chart = market_chart()
    ((*asked, prices, market_caps, total_volumes),) = rows_of(job.database, "from raw.market_chart")
    assert asked == [
        1, entry.file, entry.sha256, "SAMPLE (synthetic)", "bitcoin", "usd", "hourly",
        datetime(2026, 5, 13), datetime(2026, 5, 15, 13, 30), datetime(2026, 5, 15, 13, 30),  # noqa: DTZ001 - naive, UTC
        max(datetime(1970, 1, 1) + timedelta(milliseconds=stamp) for stamp, _ in chart["prices"][:-1]),  # noqa: DTZ001
        date(2026, 5, 15),
        len(chart["prices"]),
    ]  # fmt: skip
    assert prices == chart["prices"]
    assert market_caps == chart["market_caps"]
    assert total_volumes == chart["total_volumes"]


@pytest.mark.parametrize(
    "price", [1.2e-10, 2.5e-30, 0.30000000000000004, 123456.78901234567, 10**17 + 1, 10**18], ids=str
)
def test_a_price_keeps_all_its_digits(price, job, keep):
    keep(lambda chart: chart["prices"][3].__setitem__(1, price))
    loader.load(job)
    as_in_staging = "prices[4][2]"
    assert rows_of(job.database, f"select {as_in_staging} from raw.market_chart") == [(float(price),)]


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
def test_an_array_that_is_null_stays_null(name, job, keep):
    keep(lambda chart: chart.update({name: None}))
    loader.load(job)
    assert rows_of(job.database, f"select {name} from raw.market_chart") == [(None,)]


def test_a_stamp_written_as_a_float_is_the_same_instant_in_sql(job, keep):
    stamp = market_chart()["prices"][3][0]
    keep(lambda chart: chart["prices"][3].__setitem__(0, float(stamp)))
    loader.load(job)
    as_in_staging = "prices[4][1]::bigint"
    assert rows_of(job.database, f"select {as_in_staging} from raw.market_chart") == [(stamp,)]


def test_nothing_is_left_in_the_scratch_folder(job, keep):
    keep()
    loader.load(job)
    assert list(job.scratch.iterdir()) == []


# --- What is left out


def test_an_answer_that_does_not_match_its_checksum_is_left_out_and_named(job, keep):
    damaged, good = keep(), keep(extracted_at=after(1))
    path = job.raw / damaged.file
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    number, notes = loader.load(job)
    assert (number, [file for *_, file in loaded_in(job)]) == (1, [good.file])
    assert notes == [f"skipped: {damaged.file}: {path} does not match its checksum"]


def test_an_answer_that_is_gone_is_left_out_and_named(job, keep):
    gone = keep()
    (job.raw / gone.file).unlink()
    assert loader.load(job) == (0, [f"skipped: {gone.file}: {job.raw / gone.file}: No such file or directory"])


def test_an_answer_that_the_gate_refuses_is_left_out_by_its_row(job, keep):
    bad, good = keep(lambda chart: chart["prices"][3].__setitem__(1, -1)), keep(extracted_at=after(1))
    number, notes = loader.load(job)
    assert (number, [file for *_, file in loaded_in(job)]) == (1, [good.file])
    assert notes == [f"skipped: {bad.file}: row 3: price -1 is not positive"]


def test_a_manifest_that_cannot_be_read_is_left_out_and_named(job, keep):
    good = keep()
    manifest = job.raw / good.file.replace(".json.gz", "-x.manifest.json")
    manifest.write_bytes(b"{")
    assert loader.load(job) == (1, [f"skipped: damaged manifest {manifest}: it is not JSON"])


def test_an_answer_that_was_healed_is_loaded_by_the_next_load(job, keep):
    entry = keep()
    path = job.raw / entry.file
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    loader.load(job)
    path.write_bytes(whole)
    assert loader.load(job) == (1, [])


def test_answers_of_another_provenance_are_left_out_without_a_word(job, keep):
    keep(provenance="SAMPLE (recordings may)")
    assert loader.load(job) == (0, [])


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize(
    "pair", [[float("nan"), 1], [1e300, 1], [1, 10**400], [1, float("nan")]], ids=lambda pair: ascii(pair)[:20]
)
def test_no_answer_can_stop_the_loading_of_the_others(pair, name, job, keep):
    keep(lambda chart: chart[name].__setitem__(3, pair))
    good = keep(extracted_at=after(1))
    loader.load(job)
    assert good.file in [file for *_, file in loaded_in(job)]


# --- Built anew


def test_other_models_of_points_build_the_database_anew_from_the_whole_archive(job, keep):
    keep()
    keep(coin_id="ethereum")
    loader.load(job)
    execute(job.database, "create table main.daily_candlestick as select 1 as old")
    number, notes = loader.load(replace(job, points="points-2", built_from="models-2"))
    assert (number, notes) == (
        2,
        ["built anew from the archive: models or source have changed, or its tests had failed"],
    )
    assert rows_of(
        job.database,
        "select count(*) from duckdb_tables() where table_name = 'daily_candlestick' and schema_name = 'main'",
    ) == [(0,)]


def test_other_models_of_candles_keep_the_stored_points(job, keep):
    keep()
    loader.load(job)
    for name in ("daily_candlestick", "int_prices_observed"):
        execute(job.database, f"create table main.{name} as select 1 as row; create view main.of_{name} as from {name}")
    execute(job.database, "insert into pipeline.tests_vouched values ('tests-1')")
    (entry,) = loaded_in(job)
    (job.raw / entry[-1]).unlink()
    number, notes = loader.load(replace(job, built_from="models-2"))
    assert (number, notes) == (0, ["built anew from the stored points: models of the candles have changed"])
    left = rows_of(job.database, "select table_name from information_schema.tables where table_schema = 'main'")
    assert (left, loaded_in(job)) == ([("int_prices_observed",)], [entry])
    assert rows_of(job.database, "from pipeline.tests_vouched") == []
    assert loader.load(replace(job, built_from="models-2"))[1] == []


def test_another_provenance_keeps_no_points(job, keep):
    keep()
    loader.load(job)
    loader.load(replace(job, built_from="models-2", provenance="CoinGecko"))
    assert loaded_in(job) == []


def test_the_same_models_keep_what_was_built(job, keep):
    keep()
    loader.load(job)
    execute(job.database, "create table main.daily_candlestick as select 1 as candle")
    loader.load(job)
    assert rows_of(job.database, "from main.daily_candlestick") == [(1,)]


def test_another_provenance_builds_a_database_of_its_own_answers_alone(job, keep):
    keep()
    loader.load(job)
    other = keep(provenance="SAMPLE (recordings may)")
    number, notes = loader.load(replace(job, provenance="SAMPLE (recordings may)"))
    assert (number, notes) == (
        1,
        ["built anew from the archive: models or source have changed, or its tests had failed"],
    )
    assert [file for *_, file in loaded_in(job)] == [other.file]


@pytest.mark.parametrize("content", [b"", b"garbage" * 4000], ids=["empty", "garbage"])
def test_a_database_that_is_none_is_built_anew(content, job, keep):
    keep()
    loader.load(job)
    job.database.write_bytes(content)
    number, _ = loader.load(job)
    assert (number, len(loaded_in(job))) == (1, 1)


def test_a_damaged_database_is_set_aside_and_said_so(job, keep):
    keep()
    loader.load(job)
    job.database.write_bytes(b"garbage" * 4000)
    _, (note,) = loader.load(job)
    aside = job.database.with_name("crypto_data.duckdb.damaged")
    assert note.startswith(f"built anew from the archive, the damaged one is {aside}: ")
    assert aside.read_bytes() == b"garbage" * 4000


def test_damage_in_any_table_is_found(job, keep):
    keep()
    loader.load(job)
    execute(job.database, "create table main.daily_candlestick as select range * 1.25 as close from range(200_000)")
    content = bytearray(job.database.read_bytes())
    content[-600_000:-300_000] = bytes(300_000)
    job.database.write_bytes(content)
    _, (note,) = loader.load(job)
    assert "the damaged one is" in note


def test_damage_after_the_checksum_was_kept_is_found(job, keep):
    keep()
    loader.load(job)
    execute(job.database, "create table main.daily_candlestick as select range * 1.25 as close from range(200_000)")
    work_checksum.keep(job.database)
    content = bytearray(job.database.read_bytes())
    content[-600_000:-300_000] = bytes(300_000)
    job.database.write_bytes(content)
    assert not work_checksum.fits(job.database)
    _, (note,) = loader.load(job)
    assert "the damaged one is" in note


def test_a_database_whose_checksum_fits_is_not_read_to_find_damage(job, keep, monkeypatch):
    keep()
    loader.load(job)
    work_checksum.keep(job.database)
    monkeypatch.setattr(duckdb_files, "read_all", None)
    assert loader.load(job) == (0, [])


def test_a_log_beside_the_database_is_reason_to_read_it(job, keep):
    keep()
    loader.load(job)
    work_checksum.keep(job.database)
    assert work_checksum.fits(job.database)
    job.database.with_name(job.database.name + ".wal").touch()
    assert not work_checksum.fits(job.database)


def test_a_published_file_with_a_damaged_block_costs_nothing_of_the_load(job, keep):
    answer = keep()
    with duckdb.connect(str(job.published)) as connection:
        values = {"open": "range", "source": "'SAMPLE (synthetic)'"}
        columns = ", ".join(f"{values.get(name, 'null')}::{kind} as {name}" for name, kind in contract.CANDLE.items())
        connection.execute(f"create table daily_candlestick as select {columns} from range(500_000)")
    content = bytearray(job.published.read_bytes())
    content[12_288 + 1000 : 12_288 + 2000] = bytes(1000)
    job.published.write_bytes(content)
    vouched_for(job.published)
    number, (note,) = loader.load(job)
    assert (number, "DuckDB cannot read it" in note) == (1, True)
    assert [file for *_, file in loaded_in(job)] == [answer.file]
    with duckdb_files.opened(job.database, read_only=True) as connection:
        assert connection.execute("select build from pipeline.this_run").fetchall() == [(job.stamp,)]


def test_candles_of_coingecko_that_the_gate_refuses_are_left_out_by_their_row(job, workspace):
    request = replace(REQUEST, stream="ohlc")
    good = synthetic.ohlc("bitcoin", "usd", 7, NOW)
    kept = raw_archive.keep(workspace / "raw", request, json.dumps(good).encode())
    bad = raw_archive.keep(workspace / "raw", request, json.dumps([*good[:3], [good[3][0], 1, 1, 2, 1]]).encode())
    assert loader.load(job) == (
        0,
        [f"skipped: {bad.file}: row 3: low and high of {[good[3][0], 1, 1, 2, 1]} do not enclose its prices"],
    )
    with duckdb_files.opened(job.database, read_only=True) as connection:
        assert connection.execute("select archive_file, len(candles::double[][]) from raw.ohlc").fetchall() == [
            (kept.file, len(good))
        ]


def test_a_damaged_file_of_the_ledger_is_left_out_and_named(job, keep):
    keep()
    job.ledger.mkdir()
    damaged = job.ledger / "2026-05-15-x.ndjson"
    damaged.write_bytes(b"\x00garbage")
    number, (note,) = loader.load(job)
    assert number == 1
    assert note.startswith(f"skipped: {damaged} is damaged, restore it from a backup: ")


def test_a_database_of_somebody_else_is_built_anew(job, keep):
    keep()
    job.database.parent.mkdir()
    execute(job.database, "create table strange as select 1")
    assert loader.load(job)[0] == 1


def test_a_database_that_another_process_has_open_is_left_as_it_is(job, keep, monkeypatch):
    monkeypatch.setattr(duckdb_files, "PATIENCE_SECONDS", 0.2)
    keep()
    loader.load(job)
    script = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(job.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(database_errors.LockedDatabaseError):
            loader.load(replace(job, points="points-2", built_from="models-2"))
        holder.kill()
    assert len(loaded_in(job)) == 1


# --- What the build that follows will vouch for


def test_the_marker_of_the_build_that_follows_is_pending(job):
    loader.load(job)
    loader.load(replace(job, day="2026-05-16", fingerprint="it's", stamp="later"))
    assert rows_of(job.database, "from pipeline.pending_marker") == [("Transform", date(2026, 5, 16), "it's", "later")]


def test_a_load_vouches_for_nothing_itself(job, keep):
    keep()
    loader.load(job)
    assert rows_of(job.database, "from pipeline.markers") == []


def test_what_was_vouched_for_stays_so(job):
    loader.load(job)
    execute(
        job.database, "insert into pipeline.markers values (1, 'Transform', '2026-05-14', 'abc', 'earlier', 0, '0')"
    )
    loader.load(job)
    assert rows_of(job.database, "select stamp from pipeline.markers") == [("earlier",)]


# --- What the next build must make anew


def touched_in(job):
    return rows_of(job.database, "select distinct coin_id, date from pipeline.touched_days order by all")


def test_the_days_that_a_new_answer_has_points_of_are_touched(job, keep):
    keep()
    loader.load(job)
    assert touched_in(job) == [("bitcoin", date(2026, 5, day)) for day in (13, 14, 15)]


def test_so_are_the_days_that_it_was_requested_for_and_has_no_points_of(job, keep):
    keep(lambda chart: chart.update(prices=chart["prices"][-9:]))
    loader.load(job)
    assert touched_in(job) == [("bitcoin", date(2026, 5, day)) for day in (13, 14, 15)]


def test_the_days_of_an_answer_are_touched_when_somebody_has_decided_about_it(job, keep, workspace):
    kept = keep()
    loader.load(job)
    execute(job.database, "delete from pipeline.touched_days")
    release = exceptions.NewDecision(exceptions.RELEASED, kept.file, kept.sha256, "", 0, exceptions.PERSON, "it is so")
    exceptions.append(workspace / "raw", [release], NOW, "a run")
    loader.load(job)
    assert touched_in(job) == [("bitcoin", date(2026, 5, day)) for day in (13, 14, 15)]
    execute(job.database, "delete from pipeline.touched_days")
    loader.load(job)
    assert touched_in(job) == []


def test_days_that_no_new_answer_touches_are_left_as_they_are(job, keep):
    keep()
    loader.load(job)
    execute(job.database, "delete from pipeline.touched_days")  # as the build does
    keep(coin_id="ethereum")
    loader.load(job)
    assert touched_in(job) == [("ethereum", date(2026, 5, day)) for day in (13, 14, 15)]


def test_a_removed_answer_is_gone_and_its_days_are_touched(job, keep):
    kept, removed = keep(coin_id="ethereum"), keep()
    loader.load(job)
    execute(job.database, "delete from pipeline.touched_days")
    with duckdb_files.opened(job.database, read_only=False) as connection:
        touched_days.forget(connection, [removed.file])
    assert [file for *_, file in loaded_in(job)] == [kept.file]
    assert touched_in(job) == [("bitcoin", date(2026, 5, day)) for day in (13, 14, 15)]


def test_the_number_of_a_removed_answer_is_never_used_again(job, keep):
    keep()
    newest = keep(extracted_at=after(1))
    loader.load(job)
    with duckdb_files.opened(job.database, read_only=False) as connection:
        touched_days.forget(connection, [newest.file])
    loader.load(job)
    assert [(number, file) for number, _, file in loaded_in(job)][1:] == [(3, newest.file)]


def test_nothing_to_remove_removes_nothing(job, keep):
    keep()
    loader.load(job)
    with duckdb_files.opened(job.database, read_only=False) as connection:
        touched_days.forget(connection, [])
    assert len(loaded_in(job)) == 1


# --- What is loaded anew after a test has failed

OF_BITCOIN = [Place(coin_id="bitcoin", vs_currency="usd", date="2026-05-14")]
MARKED = "insert into pipeline.markers values (1, 'Transform', date '2026-05-15', 'abc', 'stamp', 1, '2')"
AGAIN = ["loaded anew from the archive: the answers of the days whose tests had failed"]
ALL_AGAIN = ["built anew from the archive: models or source have changed, or its tests had failed"]


def keep_ohlc(workspace, coin_id):
    body = json.dumps(synthetic.ohlc(coin_id, "usd", 7, NOW)).encode()
    return raw_archive.keep(workspace / "raw", replace(REQUEST, coin_id=coin_id, stream="ohlc"), body)


@pytest.fixture
def two_coins(job, keep):
    keep()
    keep(coin_id="solana")
    loader.load(job)
    execute(job.database, f"delete from pipeline.touched_days; {MARKED}")
    return job


def test_the_answers_of_a_distrusted_day_are_loaded_anew_and_no_others(two_coins):
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    assert rows_of(two_coins.database, "from pipeline.markers") == []
    assert loader.load(two_coins) == (1, AGAIN)
    assert [(number, coin) for number, coin, _ in loaded_in(two_coins)] == [(2, "solana"), (3, "bitcoin")]
    assert {coin for coin, _ in touched_in(two_coins)} == {"bitcoin"}


def test_a_distrusted_day_of_which_there_is_no_answer_is_made_anew(two_coins):
    touched_days.distrust(two_coins.database, [Place(coin_id="bitcoin", vs_currency="usd", date="2026-04-01")])
    assert loader.load(two_coins) == (0, AGAIN)
    assert touched_in(two_coins) == [("bitcoin", date(2026, 4, 1))]


def test_until_the_next_load_all_stays_so_that_one_can_look_at_it(two_coins):
    before = rows_of(two_coins.database, "from raw.market_chart")
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    assert rows_of(two_coins.database, "from raw.market_chart") == before
    assert touched_in(two_coins) == []


def test_the_second_opinions_of_a_distrusted_coin_are_loaded_anew_too(two_coins, workspace):
    opinions = [keep_ohlc(workspace, coin_id) for coin_id in ("bitcoin", "solana")]
    loader.load(two_coins)
    execute(two_coins.database, "update raw.ohlc set candles = '[]'")
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    loader.load(two_coins)
    found = rows_of(two_coins.database, "select archive_file, candles::varchar = '[]' from raw.ohlc order by coin_id")
    assert found == [(opinions[0].file, False), (opinions[1].file, True)]


def test_another_day_that_fails_next_is_a_first_failure_of_its_own(two_coins):
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    loader.load(two_coins)
    touched_days.distrust(two_coins.database, [Place(coin_id="solana", vs_currency="usd", date="2026-05-14")])
    assert loader.load(two_coins) == (1, AGAIN)


def test_a_failure_that_comes_again_has_all_loaded_anew(two_coins):
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    loader.load(two_coins)
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    assert loader.load(two_coins) == (2, ALL_AGAIN)


def test_a_failure_some_runs_later_is_a_first_one(two_coins):
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    for _ in range(2):
        loader.load(two_coins)
    touched_days.distrust(two_coins.database, OF_BITCOIN)
    assert loader.load(two_coins) == (1, AGAIN)


def test_a_failure_that_no_day_explains_has_all_loaded_anew(two_coins):
    touched_days.distrust(two_coins.database, None)
    assert loader.load(two_coins) == (2, ALL_AGAIN)


def test_a_failure_of_no_day_loads_nothing_anew(two_coins):
    touched_days.distrust(two_coins.database, [])
    assert rows_of(two_coins.database, "from pipeline.markers") == []
    assert loader.load(two_coins) == (0, [])
    assert touched_in(two_coins) == []


# --- The 5-minute series


def keep_fine(workspace, now=NOW, change=lambda chart: None, **changes):
    """Put an answer with the points of the last 24 hours into the archive."""
    start = now - timedelta(days=1)
    asked = {"date": now.date(), "window_from": start, "window_to": now, "extracted_at": now}
    request = replace(REQUEST, stream=streams.CHART_5M, **(asked | changes))
    chart = synthetic.market_chart("bitcoin", "usd", start, now, now)
    change(chart)
    return raw_archive.keep(workspace / "raw", request, json.dumps(chart).encode())


def test_both_series_are_loaded_in_the_order_of_their_extraction(job, workspace, keep):
    second, first = keep(extracted_at=after(1)), keep_fine(workspace)
    third = keep_fine(workspace, extracted_at=after(2))
    assert loader.load(job) == (3, [])
    assert [(number, file) for number, _, file in loaded_in(job)] == [
        (1, first.file), (2, second.file), (3, third.file),
    ]  # fmt: skip
    found = rows_of(job.database, "select granularity, window_from from raw.market_chart order by load_number")
    midnight, day_before = REQUEST.window_from.replace(tzinfo=None), (NOW - timedelta(days=1)).replace(tzinfo=None)
    assert found == [("5-minute", day_before), ("hourly", midnight), ("5-minute", day_before)]


def test_load_numbers_go_on_over_both_series(job, workspace, keep):
    keep()
    loader.load(job)
    keep_fine(workspace)
    loader.load(job)
    assert [number for number, *_ in loaded_in(job)] == [1, 2]


def test_of_the_same_instant_the_order_is_always_the_same(job, workspace, keep):
    fine, coarse = keep_fine(workspace), keep()
    loader.load(job)
    assert [file for *_, file in loaded_in(job)] == [coarse.file, fine.file]


def test_an_answer_of_the_5_minute_series_that_is_hourly_is_left_out_and_named(job, workspace, keep):
    def thin(chart):
        for name, points in chart.items():
            chart[name] = points[::12]

    coarse = keep_fine(workspace, change=thin)
    good = keep()
    number, notes = loader.load(job)
    assert (number, [file for *_, file in loaded_in(job)]) == (1, [good.file])
    assert notes == [f"skipped: {coarse.file}: its points are hourly, not 5-minute"]


def test_a_5_minute_answer_that_the_gate_refuses_is_left_out_by_its_row(job, workspace, keep):
    bad = keep_fine(workspace, change=lambda chart: chart["prices"][3].__setitem__(1, 0))
    good = keep()
    number, notes = loader.load(job)
    assert (number, [file for *_, file in loaded_in(job)]) == (1, [good.file])
    assert notes == [f"skipped: {bad.file}: row 3: price 0 is not positive"]


@pytest.mark.parametrize(("seconds", "loaded"), [(300, 1), (301, 0)])
def test_a_5_minute_answer_from_coingecko_s_cache_may_begin_some_minutes_early(seconds, loaded, job, workspace):
    def begin(chart):
        chart["prices"][0][0] = int((NOW - timedelta(days=1, seconds=seconds)).timestamp() * 1000)

    keep_fine(workspace, change=begin)
    assert loader.load(job)[0] == loaded
