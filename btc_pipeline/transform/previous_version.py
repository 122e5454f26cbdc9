"""The last good version, laid beside the new one: what readers have now, and the revisions that are on record.

Fills the schema `published` of dbt's database from the published file and the ledger's files, so that the models can
say what changes and the tests can compare. Opens no connection; is given one.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.warehouse import contract, duckdb_files, ndjson
from btc_pipeline.warehouse.duckdb_files import quoted


def load(connection: duckdb_files.Connection, published: Path, ledger: Path, provenance: str) -> list[str]:
    """Replace the schema `published`: `daily_candlestick` and `publication` as readers have them, `revisions`.

    Where nothing is published, or of another provenance, or by a contract without these columns, they are empty.

    Returns:
        A line for each file of the ledger that is damaged.
    """
    connection.execute(
        f"create schema if not exists published;"
        f"create or replace table published.daily_candlestick ({_columns(contract.CANDLE)});"
        f"create or replace table published.publication (key varchar, value varchar)"
    )
    if published.exists():
        _copy_published(connection, published, provenance)
    return ndjson.load(connection, "published.revisions", contract.REVISION, ledger, provenance)


def _copy_published(connection: duckdb_files.Connection, published: Path, provenance: str) -> None:
    try:
        connection.execute(f"attach {quoted(str(published))} as last_good (read_only)")
    except duckdb_files.AnyError:  # damaged: Publish will replace it
        return
    try:
        connection.execute(
            f"insert into published.daily_candlestick by name"
            f" select {', '.join(contract.CANDLE)} from last_good.main.daily_candlestick"
            f" where source = {quoted(provenance)};"
            f"insert into published.publication select key, value from last_good.main.publication"
            f" where exists (from published.daily_candlestick)"
        )
    except duckdb_files.AnyError:
        connection.execute("delete from published.daily_candlestick; delete from published.publication")
    finally:
        connection.execute("detach last_good")


def _columns(of: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in of.items())
