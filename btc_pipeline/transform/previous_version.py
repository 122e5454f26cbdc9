"""The previous version, laid beside the new one: what readers have now, and the recorded revisions.

Fills the schema `published` of dbt's database from the published file and the files in `revisions/`. So the models can
find what changes, and the tests can compare. Opens no connection; is given one.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.warehouse import contract, duckdb_files, ndjson
from btc_pipeline.warehouse.duckdb_files import quoted


def load(connection: duckdb_files.Connection, published: Path, ledger: Path, provenance: str) -> list[str]:
    """Fill the schema `published` anew: `daily_candlestick` and `publication` as readers have them, and `revisions`.

    The first two are empty if nothing is published, or if the published version has another provenance or a contract
    without these columns.

    Returns:
        A line for each damaged file of `ledger`, the folder of the revisions.
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
        connection.execute(f"attach {quoted(str(published))} as previous (read_only)")
    except duckdb_files.AnyError:  # damaged: Publish will replace it
        return
    try:
        connection.execute(
            f"insert into published.daily_candlestick by name"
            f" select {', '.join(contract.CANDLE)} from previous.main.daily_candlestick"
            f" where source = {quoted(provenance)};"
            f"insert into published.publication select key, value from previous.main.publication"
            f" where exists (from published.daily_candlestick)"
        )
    except duckdb_files.AnyError:
        connection.execute("delete from published.daily_candlestick; delete from published.publication")
    finally:
        connection.execute("detach previous")


def _columns(of: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in of.items())
