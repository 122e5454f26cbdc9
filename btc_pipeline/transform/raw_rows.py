"""An answer that the gate admits, as a row of a raw table: `raw.market_chart` or `raw.ohlc`. Instants are UTC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from btc_pipeline.lake import raw_archive
from btc_pipeline.verify import stored
from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

RawRow = dict[str, Any]

COLUMNS = (
    "load_number: 'INTEGER', archive_file: 'VARCHAR', sha256: 'VARCHAR', source: 'VARCHAR', coin_id: 'VARCHAR',"
    " vs_currency: 'VARCHAR', granularity: 'VARCHAR', window_from: 'TIMESTAMP', window_to: 'TIMESTAMP',"
    " extracted_at: 'TIMESTAMP', newest_point_at: 'TIMESTAMP', run_date: 'DATE',"
    " points: 'INTEGER', prices: 'DOUBLE[][]', market_caps: 'DOUBLE[][]', total_volumes: 'DOUBLE[][]'"
)

OHLC_COLUMNS = (
    "load_number: 'INTEGER', archive_file: 'VARCHAR', sha256: 'VARCHAR', source: 'VARCHAR', coin_id: 'VARCHAR',"
    " vs_currency: 'VARCHAR', extracted_at: 'TIMESTAMP', candles: 'JSON'"
)


def _of_request(entry: raw_archive.Entry) -> RawRow:
    return {
        "archive_file": entry.file,
        "sha256": entry.sha256,
        "source": entry.request.provenance,
        "coin_id": entry.request.coin_id,
        "vs_currency": entry.request.vs_currency,
        "extracted_at": entry.request.extracted_at.replace(tzinfo=None).isoformat(),
    }


def of_candles(judged: stored.Judged) -> RawRow:
    """The row of an answer of CoinGecko's own candles."""
    return _of_request(judged.entry) | {"candles": json.loads(judged.body)}


def of_chart(judged: stored.Judged) -> RawRow:
    """The row of an answer with prices."""
    request, found, chart = judged.entry.request, judged.chart, json.loads(judged.body)
    assert found is not None  # only candles and empty charts have none
    return _of_request(judged.entry) | {
        "granularity": found.granularity,
        "window_from": request.window_from.replace(tzinfo=None).isoformat(),
        "window_to": request.window_to.replace(tzinfo=None).isoformat(),
        "run_date": request.date.isoformat(),
        "newest_point_at": found.newest_settled_at.replace(tzinfo=None).isoformat(),
        "points": len(chart["prices"]),
        "prices": chart["prices"],
        "market_caps": chart.get("market_caps"),
        "total_volumes": chart.get("total_volumes"),
    }


def insert(connection: duckdb_files.Connection, table: str, columns: str, rows: list[RawRow], scratch: Path) -> None:
    """Insert rows that have their load numbers; `scratch` is a folder for their text."""
    batch = scratch / "load.ndjson"
    batch.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    connection.execute(
        f"insert into {table} select * from read_json({quoted(str(batch))}, format = 'newline_delimited',"
        f" maximum_object_size = 268435456, columns = {{{columns}}})"
    )
    batch.unlink()
