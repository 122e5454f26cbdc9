"""The answers once more, unpacked, in Parquet: a database that is built anew does not unpack all of the archive again.

The weekly proof writes the rows that it has proved. They are derived, and can be deleted. Each of them names its answer
and the checksum, and is held against the archive's manifest. A part that does not fit is ignored, with a line; then its
answers are read from the archive, as are those that somebody has decided about. A part has so few points that it can be
taken in one go. Only the loader reads the parts; the proof and `replay` never do.

    work/answers/2026-05-3f2a….parquet   the rows of `raw.market_chart` of a month of extraction, or a part of them
    work/answers/index.json              what made the parts, the checksum of each, and a hash of it all
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass
from pathlib import Path

from btc_pipeline.lake.exceptions import ExceptionLedger
from btc_pipeline.lake.raw_archive import Entry
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import digest, files, records
from btc_pipeline.transform import raw_rows
from btc_pipeline.transform.raw_rows import RawRow
from btc_pipeline.transform.tables import RAW_TABLE
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

FORMAT = 2

POINTS = 250_000
"""So many points are in a part, or those of one answer more."""

_INDEX = "index.json"
_NUMBER, *_REST = (column.split(":")[0].strip() for column in raw_rows.COLUMNS.split(", "))
_COLUMNS = ", ".join(_REST)
_OF_MANIFEST = (
    *("archive_file", "sha256", "source", "coin_id", "vs_currency"),
    *("window_from", "window_to", "extracted_at", "run_date"),
)


@dataclass(frozen=True)
class _Part:
    """A Parquet file of the index: its name, its checksum, and how many answers it holds."""

    name: str
    sha256: str
    answers: int


def made_by(settings: Settings, code: str) -> str:
    """What unpacks an answer and judges it, as one hash: this code, the settings of the gate, and the source."""
    return digest.of(code, settings.repeat_hours, settings.provenance)


# --- Written by the proof


def keep(workspace: Workspace, by: str, connection: duckdb_files.Connection) -> None:
    """Write the answers of a database that was built from the archive and proved; `by` is what `made_by` gives.

    A part that is there already stays. The index comes last: after a kill before, the old parts still count.

    Raises:
        OSError, duckdb_files.AnyError: they cannot be written. The old ones still count.
    """
    folder = workspace.compacted
    old = {each.name: each for each in _read_index(folder)[1]}
    parts = []
    for month, first, last, answers, content in connection.execute(_parts()).fetchall():
        name = f"{month}-{digest.of(by, content)[:16]}.parquet"
        if name in old and _has_checksum(folder / name, old[name].sha256):
            parts.append(old[name])
            continue
        new = workspace.temporary / name
        try:
            connection.execute(
                f"copy (select {_COLUMNS} from {_ANSWERS}"
                f" where {_NUMBER} between {first} and {last} order by {_NUMBER})"
                f" to {quoted(str(new))} (format parquet, compression zstd)"
            )
            parts.append(_Part(name, files.sha256(new), answers))
            folder.mkdir(parents=True, exist_ok=True)
            files.move_into_place(new, folder / name)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    content = {"made_by": by, "parts": [list(astuple(each)) for each in parts]}
    records.write(folder / _INDEX, {"format": FORMAT, **content})
    for path in folder.iterdir():
        if path.name not in {_INDEX, *(each.name for each in parts)}:
            path.unlink()


def forget(folder: Path) -> None:
    """Let no load take anything from here, until the next proof."""
    (folder / _INDEX).unlink(missing_ok=True)


# --- Read by the loader


def read(
    connection: duckdb_files.Connection,
    folder: Path,
    by: str,
    archived: Iterable[Entry],
    loaded: AbstractSet[str],
    ledger: ExceptionLedger,
) -> tuple[Mapping[str, Path], list[str]]:
    """The answers that can be taken from a part, each with its part, and a line for all that is ignored.

    Args:
        connection: of the database that is loaded. It is asked beside its transaction, which no damage can end.
        folder: where the parts lie.
        by: what unpacks and judges answers now. Other code or settings make the parts worthless.
        archived: the answers of the archive, by their manifests, but for those that are loaded.
        loaded: the files of those.
        ledger: the answers that it names are taken from the archive alone.
    """
    noted, parts, fault = _read_index(folder)
    if not fault and parts and noted != by:
        fault = "other code, settings or prices of another source have made them"
    if fault:
        return {}, [f"does not use the compacted answers in {folder}: {fault}; reads the archive"]
    entries = {each.file: each for each in archived}
    found: dict[str, Path] = {}
    notes = []
    with connection.cursor() as beside:
        for part in parts:
            path = folder / part.name
            try:
                rows = _rows(beside, path, part)
                _check(rows, entries, loaded)
            except _UnusableError as error:
                notes.append(f"does not use the compacted answers {path}: {error}; reads the archive")
            else:
                found |= {str(file): path for file, *_ in rows if file not in ledger.newest}
    return found, notes


def is_whole(raw: Path, entry: Entry) -> bool:
    """Whether the archive still has the answer itself, with its checksum. If not, the loader says so."""
    return _has_checksum(raw / entry.file, entry.sha256)


def row(entry: Entry, part: Path) -> RawRow:
    """In a batch the place of an answer that is taken from a part."""
    return {"archive_file": entry.file, "part": part}


def is_in_part(row: RawRow) -> bool:
    """Whether a row of a batch is such a place."""
    return "part" in row


def insert(connection: duckdb_files.Connection, rows: Sequence[RawRow]) -> None:
    """Insert the answers of such rows, which have their load numbers."""
    for part in sorted({each["part"] for each in rows}):
        numbers = ", ".join(
            f"({quoted(each['archive_file'])}, {each[_NUMBER]})" for each in rows if each["part"] == part
        )
        connection.execute(
            f"insert into {RAW_TABLE} select {_NUMBER}, {_COLUMNS} from read_parquet({quoted(str(part))})"
            f" join (values {numbers}) as numbers(archive_file, {_NUMBER}) using (archive_file)"
        )


class _UnusableError(Exception):
    """Why a part is ignored."""


def _rows(beside: duckdb_files.Connection, path: Path, part: _Part) -> list[tuple[object, ...]]:
    """What a part says of the request of each of its answers. All of it is read once, so that damage is found now."""
    if not path.exists():
        raise _UnusableError("it is gone")
    if not _has_checksum(path, part.sha256):
        raise _UnusableError("it does not match its checksum")
    source = f"read_parquet({quoted(str(path))})"
    try:
        rows = beside.execute(f"select {', '.join(_OF_MANIFEST)} from {source}").fetchall()
        beside.execute(f"select bit_xor(hash({_COLUMNS})) from {source}")
    except duckdb_files.AnyError:
        raise _UnusableError("DuckDB cannot read it") from None
    if not len({file for file, *_ in rows}) == len(rows) == part.answers:
        raise _UnusableError("it has not the answers that its index names")
    return rows


def _check(rows: Sequence[tuple[object, ...]], entries: Mapping[str, Entry], loaded: AbstractSet[str]) -> None:
    """Check that each answer is in the archive, by its manifest, and that the manifest says the same of it."""
    for each in rows:
        file = str(each[0])
        if file in loaded:
            continue
        if file not in entries:
            raise _UnusableError(f"the archive has no answer {file}")
        if each != _of_manifest(entries[file]):
            raise _UnusableError(f"the archive has something else as {file}")


def _of_manifest(entry: Entry) -> tuple[object, ...]:
    request = entry.request
    pair = request.coin_id, request.vs_currency
    instants = request.window_from, request.window_to, request.extracted_at
    naive = (each.replace(tzinfo=None) for each in instants)
    return entry.file, entry.sha256, request.provenance, *pair, *naive, request.date


def _read_index(folder: Path) -> tuple[str, list[_Part], str]:
    """What made the parts, the parts, and why they are of no use; without parts and fault if there is no index."""
    path = folder / _INDEX
    if not path.exists():
        return "", [], ""
    try:
        index = records.read(path)
        if index.get("format") == FORMAT:
            return str(index["made_by"]), [_Part(*each) for each in index["parts"]], ""
    except (OSError, TypeError):
        pass
    return "", [], "their index is damaged, or of another version of this project"


def _has_checksum(path: Path, sha256: str) -> bool:
    try:
        return files.sha256(path) == sha256
    except OSError:
        return False


_ANSWERS = f"(from {RAW_TABLE} anti join pipeline.decided_answers using (archive_file))"


def _parts() -> str:
    """The query for the parts: month, first and last load number, how many answers, and a hash of all that they hold.

    In a database that was built from the archive load numbers are in the order of extraction.
    """
    return f"""
        with
            answers as (
                select {_NUMBER}, points, strftime(extracted_at, '%Y-%m') as month, hash({_COLUMNS}) as content
                from {_ANSWERS}
            ),
            in_parts as (
                select *, (sum(points) over (partition by month order by {_NUMBER}) - points) // {POINTS} as part
                from answers
            )
        select
            month, min({_NUMBER}), max({_NUMBER}), count(*),
            md5(string_agg(content::varchar, ' ' order by {_NUMBER}))
        from in_parts
        group by month, part
        order by month, part
    """
