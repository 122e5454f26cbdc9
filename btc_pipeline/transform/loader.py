"""The loader: from the raw archive into the tables `raw.market_chart` and `raw.ohlc` of dbt's database.

Both price streams, the hourly window and the 5-minute points of the last 24 hours, go into `raw.market_chart`.

dbt's database is derived from the archive. It is built anew if it is damaged, or its points were made by other models
or from another provenance. Which models there are, `layers` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.coingecko import streams
from btc_pipeline.lake import exceptions, failed_runs, proofs, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.transform import compacted, layers, previous_version, raw_rows, tables, touched_days, work_checksum
from btc_pipeline.transform.raw_rows import RawRow
from btc_pipeline.transform.tables import OHLC_TABLE, RAW_TABLE
from btc_pipeline.verify import stored
from btc_pipeline.verify.gate import BadAnswerError
from btc_pipeline.warehouse import database_errors, duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

_NOWHERE = Path("nowhere/at/all")

BATCH = 8_000_000
"""So many bytes of answers are unpacked at a time, whatever the archive holds: an answer may have 2,000 points."""


@dataclass(frozen=True)
class Load:
    """What to load, where to load it, and what the build's marker row will hold.

    `answers_by` says what unpacks and judges answers now (`compacted.made_by`); empty: none is taken from `compacted`.
    """

    database: Path
    raw: Path
    compacted: Path
    published: Path
    ledger: Path
    failures: Path
    proofs: Path
    proof: str | None
    scratch: Path
    provenance: str
    points: str
    answers_by: str
    built_from: str
    step: str
    day: str
    pairs: tuple[Pair, ...]
    wanted: tuple[Pair, ...]
    repeat_hours: float
    as_of: str
    until: str
    decisions: int | None
    fingerprint: str
    stamp: str


def load(job: Load) -> tuple[int, list[str]]:
    """Load each good answer that is not loaded yet, in the order of extraction.

    If they are more than those that are loaded, they are taken unpacked from `compacted`, as far as they are there.
    Each batch of answers is committed, so that a load that was killed goes on where it was.

    Returns:
        The number of answers loaded, and a line for each thing that was skipped or built anew.
    """
    ledger = _ledger(job)
    notes = _make_room(job)
    job.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb_files.opened(job.database, read_only=False) as connection:
        tables.create(connection)
        connection.execute(f"delete from {tables.SLICE}; delete from {tables.SLICE_OF_ANSWERS}")  # of a killed build
        # Outside of the transaction: inside it, a damaged file would undo all of it, and the commit would not fail
        notes += previous_version.load(connection, job.published, job.ledger, job.provenance)
        notes += failed_runs.load(connection, job.failures, job.provenance)
        connection.execute("begin")
        proof, unproved = _unproved(job)
        proofs.load(connection, unproved)
        notes += (mended := touched_days.mend(connection))
        _apply(connection, job.raw, ledger)
        connection.execute(
            f"delete from pipeline.built_from; insert into pipeline.built_from values ({quoted(_version(job))})"
        )
        loaded = 0
        there = _loaded(connection, RAW_TABLE)
        archived, skipped = _archived(job.raw, RAW_TABLE, there)
        new = _wanted(job, archived)
        parts: Mapping[str, Path] = {}
        if job.answers_by and len(new) > len(there) and not mended:
            parts, ignored = compacted.read(connection, job.compacted, job.answers_by, archived, there, ledger)
            skipped += ignored
        notes += skipped
        for rows in _new_rows(job, ledger, new, raw_rows.of_chart, notes, parts):
            _insert(connection, job, RAW_TABLE, raw_rows.COLUMNS, rows)
            touched_days.touch_loaded(connection, [row["load_number"] for row in rows])
            connection.execute("commit; begin")
            loaded += len(rows)
        archived, skipped = _archived(job.raw, OHLC_TABLE, _loaded(connection, OHLC_TABLE))
        notes += skipped
        for rows in _new_rows(job, ledger, _wanted(job, archived), raw_rows.of_candles, notes, {}):
            _insert(connection, job, OHLC_TABLE, raw_rows.OHLC_COLUMNS, rows)
            connection.execute("commit; begin")
        connection.execute(
            "delete from pipeline.pending_marker;"
            f"insert into pipeline.pending_marker values ({quoted(job.step)}, {quoted(job.day)},"
            f" {quoted(job.fingerprint)}, {quoted(job.stamp)});"
            f"delete from pipeline.this_run; insert into pipeline.this_run values {_this_run(job, ledger, proof)};"
            f"delete from pipeline.wanted_pairs; insert into pipeline.wanted_pairs values {_wanted_pairs(job)}"
        )
        connection.execute("commit")
    return loaded, notes


def _ledger(job: Load) -> exceptions.ExceptionLedger:
    """The exceptions that this load applies."""
    until = datetime.fromisoformat(job.until) if job.until else None
    return exceptions.read(job.raw).up_to(until=None if job.decisions is not None else until, number=job.decisions)


def _apply(connection: duckdb_files.Connection, raw: Path, ledger: exceptions.ExceptionLedger) -> None:
    """Remove the answers that are in quarantine now, and note the newest decision about each answer.

    The days of an answer are touched by a new decision: what is released is taken as confirmed.
    """
    loaded = _loaded(connection, RAW_TABLE) | _loaded(connection, OHLC_TABLE)
    touched_days.forget(connection, sorted(loaded & set(ledger.quarantined)))
    known = dict(connection.execute("select archive_file, number from pipeline.decided_answers").fetchall())
    touched_days.touch(connection, [file for file, each in ledger.newest.items() if known.get(file) != each.number])
    connection.execute("delete from pipeline.decided_answers")
    for file, each in sorted(ledger.newest.items()):
        connection.execute(
            "insert into pipeline.decided_answers values (?, ?, ?, ?, ?, ?, ?, ?)",
            [file, each.action, each.check, each.number, *_days_of(raw, file)],
        )


def _days_of(raw: Path, file: str) -> list[object]:
    """Coin, currency, first and last day of an answer's window; nothing if its manifest is damaged."""
    try:
        request = raw_archive.entry(raw, file).request
    except raw_archive.DamagedAnswerError:
        return [None, None, None, None]
    return [*request.pair, request.window_from.date(), request.window_to.date()]


def create_tables(connection: duckdb_files.Connection) -> None:
    """Create the sources of dbt's models, empty, if they do not exist."""
    tables.create(connection)
    previous_version.load(connection, _NOWHERE, _NOWHERE, "")
    failed_runs.load(connection, _NOWHERE, "")


def _make_room(job: Load) -> list[str]:
    """Remove a database that cannot be used further, or what is made of its points; returns a line that says why."""
    if not job.database.exists():
        return []
    is_as_it_was = work_checksum.fits(job.database)
    try:
        with duckdb_files.opened(job.database, read_only=is_as_it_was) as connection:
            versions = connection.execute("select version from pipeline.built_from").fetchall()
            if not is_as_it_was:
                duckdb_files.read_all(connection)
    except database_errors.DamagedDatabaseError as error:
        aside = duckdb_files.set_aside(job.database)
        return [f"built anew from the archive, the damaged one is {aside}: {error}"]
    except database_errors.MissingTableError:
        versions = []
    if versions == [(_version(job),)]:
        return []
    if versions and layers.has_points(versions[0][0], job.points, job.provenance):
        with duckdb_files.opened(job.database, read_only=False) as connection:
            layers.forget_candles(connection)
        return ["built anew from the stored points: models of the candles have changed"]
    if versions and versions[0][0] == touched_days.DISTRUSTED:  # then the archive alone counts
        compacted.forget(job.compacted)
    job.database.unlink()
    job.database.with_name(job.database.name + ".wal").unlink(missing_ok=True)
    return ["built anew from the archive: models or source have changed, or its tests had failed"] if versions else []


def _unproved(job: Load) -> tuple[str, Sequence[proofs.Day]]:
    """The name of the proof that counts, and the days that it has not reproduced."""
    name, proof = (
        proofs.newest(job.proofs, job.provenance)
        if job.proof is None
        else (job.proof, proofs.of_name(job.proofs, job.proof))
    )
    return name, proof.days if proof else ()


def _this_run(job: Load, ledger: exceptions.ExceptionLedger, proof: str) -> str:
    """The rows of pipeline.this_run: one row for each pair that the run requests."""
    failures = max((path.name for path in job.failures.glob("*.ndjson")), default="")
    facts = (job.day, job.as_of, job.built_from, job.stamp, ledger.last, failures, proof)
    rest = ", ".join(map(quoted, facts))
    return ", ".join(f"({quoted(pair.coin_id)}, {quoted(pair.vs_currency)}, {rest})" for pair in job.pairs)


def _wanted_pairs(job: Load) -> str:
    """The rows of pipeline.wanted_pairs: one row for each pair of the settings, also one that the run was refused."""
    return ", ".join(f"({quoted(pair.coin_id)}, {quoted(pair.vs_currency)})" for pair in job.wanted)


def _version(job: Load) -> str:
    return layers.version(job.points, job.built_from, job.provenance)


def _loaded(connection: duckdb_files.Connection, table: str) -> set[str]:
    return {file for (file,) in connection.execute(f"select archive_file from {table}").fetchall()}


def _number(connection: duckdb_files.Connection, rows: list[RawRow]) -> None:
    numbers = connection.execute(f"select nextval('pipeline.load_numbers') from range({len(rows)})").fetchall()
    for row, (number,) in zip(rows, numbers, strict=True):
        row["load_number"] = number


def _insert(connection: duckdb_files.Connection, job: Load, table: str, columns: str, rows: list[RawRow]) -> None:
    _number(connection, rows)
    if unpacked := [row for row in rows if not compacted.is_in_part(row)]:
        raw_rows.insert(connection, table, columns, unpacked, job.scratch)
    compacted.insert(connection, [row for row in rows if compacted.is_in_part(row)])


def _archived(raw: Path, table: str, loaded: set[str]) -> tuple[list[raw_archive.Entry], list[str]]:
    """The answers of a table's streams that are not loaded, of all sources, in the order of extraction.

    Also a line for each of their manifests that cannot be read. Those of loaded answers are not read again: the
    weekly proof names what the archive has lost.
    """
    found = [raw_archive.entries(raw, stream, loaded) for stream in streams.of_table(table)]
    entries = sorted((each for good, _ in found for each in good), key=lambda each: each.request.extracted_at)
    damaged = [error for _, bad in found for error in bad]
    return entries, [f"skipped: {error}" for error in damaged]


def _wanted(job: Load, archived: Iterable[raw_archive.Entry]) -> list[raw_archive.Entry]:
    """The answers of the job's source, up to its instant."""
    until = datetime.fromisoformat(job.until) if job.until else datetime.max.replace(tzinfo=timezone.utc)
    return [
        each for each in archived if each.request.provenance == job.provenance and each.request.extracted_at <= until
    ]


def _new_rows(
    job: Load,
    ledger: exceptions.ExceptionLedger,
    entries: Iterable[raw_archive.Entry],
    to_row: Callable[[stored.Judged], RawRow],
    notes: list[str],
    parts: Mapping[str, Path],
) -> Iterator[list[RawRow]]:
    """A row for each new answer that passes the gate, in batches; adds a line to the notes for each that is skipped.

    An answer that is in one of the parts has passed. A batch takes its answers from one part at most.
    """
    rows, size, of_batch = list[RawRow](), 0, Path()
    for entry in entries:
        if (part := parts.get(entry.file)) and compacted.is_whole(job.raw, entry):
            if rows and part != of_batch:
                yield rows
                rows, size = [], 0
            rows.append(compacted.row(entry, part))
            of_batch = part
            continue
        try:
            judged = stored.admit(job.raw, entry, ledger, job.repeat_hours)
            if not judged.is_empty:  # empty: days before the coin was listed
                rows.append(to_row(judged))
                size += len(judged.body)
        except stored.QuarantinedAnswerError:
            continue  # the ledger says why; a line in each run would say nothing new
        except (raw_archive.DamagedAnswerError, BadAnswerError) as error:
            notes.append(f"skipped: {entry.file}: {error}")
        if size >= BATCH:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows
