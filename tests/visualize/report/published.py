"""A published database, made by hand: any candles, of the written contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

CONTRACT = json.loads((Path(__file__).resolve().parents[3] / "docs/contract.json").read_text())["tables"]
DAY = date(2026, 5, 15)

Row = dict[str, Any]


def candle(day: date = DAY, close: float = 68_000.125, **changes: Any) -> Row:
    """A candle that opens a hundredth lower; final, but of the run's day."""
    return {
        "coin_id": "bitcoin",
        "vs_currency": "usd",
        "date": day,
        "open": close * 0.99,
        "high": close * 1.01,
        "low": close * 0.98,
        "close": close,
        "volume_24h": 21_000_000_000.5,
        "market_cap": 1.3e12,
        "points": 24,
        "expected_points": 24,
        "coverage": 1.0,
        "granularity": "hourly",
        "first_point_at": f"{day} 00:02:00",
        "last_point_at": f"{day} 14:30:00",
        "status": "open" if day == DAY else "final",
        "is_closed_by_live_point": False,
        "extracted_at": "2026-05-15 14:42:00",
        "source": "SAMPLE (synthetic)",
        "doubts": [],
    } | changes


def backfill(first: date, last: date) -> dict[str, str]:
    """What `publication` says of a backfill."""
    return {"made_by": "Backfill", "first_day": first.isoformat(), "last_day": last.isoformat()}


def week(**changes: Any) -> list[Row]:
    """Eight days to the run's day, each a hundred higher than the one before."""
    return [candle(DAY - timedelta(days=back), 68_000.125 - 100 * back, **changes) for back in range(7, -1, -1)]


@dataclass
class Published:
    """What is published; tables that are not given are empty."""

    candles: Sequence[Row] = field(default_factory=week)
    tables: dict[str, Sequence[Row]] = field(default_factory=dict)
    is_sample: bool = True
    asked: Sequence[str] | None = None
    """The coins that were to be asked for; by default those of the candles."""
    about: dict[str, str] = field(default_factory=dict)
    """Facts of `publication` that are others."""

    @property
    def coins(self) -> list[str]:
        """The coins that were to be asked for."""
        return list(self.asked or dict.fromkeys(row["coin_id"] for row in self.candles))

    @property
    def currencies(self) -> list[str]:
        """The currencies of the candles."""
        return list(dict.fromkeys(row["vs_currency"] for row in self.candles)) or ["usd"]

    def write(self, path: Path) -> Path:
        """Write the database."""
        rows = {
            "run_checks": [{"check_name": "singular:assert_it_is_so", "outcome": "pass"}],
            "run_settings": [
                {"section": "pipeline", "key": "coins", "value": ",".join(self.coins)},
                {"section": "pipeline", "key": "vs_currency", "value": ",".join(self.currencies)},
                {"section": "pipeline", "key": "days", "value": "7"},
                {"section": "pipeline", "key": "max_age_hours", "value": "6"},
            ],
            **self.tables,
            "daily_candlestick": self.candles,
        }
        publication = {
            "contract": "3.0",
            "source": "SAMPLE (synthetic)" if self.is_sample else "CoinGecko",
            "is_sample": str(self.is_sample).lower(),
            "models": "0123",
            "build": "20260515T144203Z-abc",
            "run_date": DAY.isoformat(),
            "as_of": "2026-05-15T14:42:00Z",
            "published_at": "2026-05-15T14:42:05Z",
            "first_day": (DAY - timedelta(days=7)).isoformat(),
            "last_day": DAY.isoformat(),
            "made_by": "Publish",
            **self.about,
        }
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create table publication (key varchar, value varchar)")
            connection.executemany("insert into publication values (?, ?)", list(publication.items()))
            for table, columns in CONTRACT.items():
                connection.execute(f"create table {table} ({', '.join(f'{n} {kind}' for n, kind in columns.items())})")
                for row in rows.get(table, []):
                    connection.execute(
                        f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                        list(row.values()),
                    )
        return path
