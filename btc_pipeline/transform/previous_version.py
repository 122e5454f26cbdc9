"""The previous version, laid beside the new one: what was published last, and the recorded revisions.

Fills the schema `published` of dbt's database from the published file and the files in `revisions/`. So the models can
find what changes, and the tests can compare. Opens no connection; is given one.

The published file is compared with its checksum before DuckDB opens it. What somebody has edited or damaged is not the
previous version: then the pipeline's own copy of it is taken (`lake/last_version.py`).
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.lake import last_version
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files
from btc_pipeline.targets.marker import Marker
from btc_pipeline.targets.publication import NEWEST
from btc_pipeline.warehouse import contract, duckdb_files, ndjson
from btc_pipeline.warehouse.duckdb_files import quoted


def load(connection: duckdb_files.Connection, published: Path, ledger: Path, provenance: str) -> list[str]:
    """Fill the schema `published` anew: `daily_candlestick` and `publication` as they were published, and `revisions`.

    The first two are empty if nothing is published, or if the published version has another provenance or a contract
    without these columns; or if the published file is not as it was published, and there is no good copy of it.

    Args:
        connection: of dbt's database.
        published: the published file, in its workspace.
        ledger: the folder of the revisions.
        provenance: the source of the candles that count.

    Returns:
        A line if the published file is not as it was published, and one for each damaged file of the ledger.
    """
    connection.execute(
        f"create schema if not exists published;"
        f"create or replace table published.daily_candlestick ({_columns(contract.CANDLE)});"
        f"create or replace table published.publication (key varchar, value varchar)"
    )
    notes = _fill(connection, published, provenance)
    return notes + ndjson.load(connection, "published.revisions", contract.REVISION, ledger, provenance)


def _fill(connection: duckdb_files.Connection, published: Path, provenance: str) -> list[str]:
    workspace = Workspace(published.parent.parent, published.parent.name)
    copy = last_version.read(workspace)
    marked = Marker(workspace.published_marker, NEWEST, workspace.root).checksum(published)
    known = {marked, copy.of if copy else ""} - {""}  # killed before the marker was written: the copy knows the file
    if not known and not published.exists():
        return []  # nothing was published yet
    fault = _fault_of(published, known) or _insert_published(connection, published, provenance)
    if not fault:
        return []
    if copy and marked in ("", copy.of):
        rows = ", ".join(f"({quoted(key)}, {quoted(value)})" for key, value in copy.publication.items())
        facts = f"select key, value from (values {rows}) as facts(key, value)"
        _insert(connection, f"read_parquet({quoted(str(copy.candles))})", facts, provenance)
        taken = "the pipeline's own copy of the last version is taken instead"
    else:
        taken = "there is no good copy of it, so changes of its candles cannot be found this time"
    return [f"does not use the published file {published}: {fault}; {taken}; Publish writes the file anew"]


def _fault_of(published: Path, known: set[str]) -> str:
    """Why a file is not the one that was published, by the checksums that it may have; empty if it is."""
    if not published.exists():
        return "it is gone"
    log = published.with_name(published.name + ".wal")
    if log.exists():  # DuckDB would apply it
        return f"a program has written into it and left {log.name}"
    if not known:
        return "nothing says how it was published"
    return "" if files.sha256(published) in known else "it was edited or damaged after it was published"


def _insert_published(connection: duckdb_files.Connection, published: Path, provenance: str) -> str:
    """Insert what is published; returns why that failed, or nothing."""
    try:
        connection.execute(f"attach {quoted(str(published))} as previous (read_only)")
    except duckdb_files.AnyError:
        return "DuckDB cannot open it"
    facts = "select key, value from previous.main.publication"
    fault = _insert(connection, "previous.main.daily_candlestick", facts, provenance)
    connection.execute("detach previous")
    return fault


def _insert(connection: duckdb_files.Connection, candles: str, facts: str, provenance: str) -> str:
    """Insert a version; nothing of it if it cannot be read, or has a contract without these columns."""
    try:
        there = {name for name, *_ in connection.execute(f"describe select * from {candles}").fetchall()}
        wanted = [name for name in contract.CANDLE if name in there or name not in contract.ADDED]
        connection.execute(
            f"insert into published.daily_candlestick by name"
            f" select {', '.join(wanted)} from {candles} where source = {quoted(provenance)};"
            f"insert into published.publication {facts} where exists (from published.daily_candlestick)"
        )
    except duckdb_files.AnyError as error:
        connection.execute("delete from published.daily_candlestick; delete from published.publication")
        return "" if isinstance(error, duckdb_files.MISSING) else "DuckDB cannot read it"
    return ""


def _columns(of: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in of.items())
