"""The published contract: its version, its tables, how they are ordered, and the columns that others rely on.

Values only. `docs/contract.json` has the columns of all tables; a test compares.
"""

from __future__ import annotations

VERSION = "3.0"
"""The version of the published tables; a change that breaks a reader raises its first number."""

TABLES = {
    "daily_candlestick": "coin_id, vs_currency, date",
    "candle_sources": "coin_id, vs_currency, date, archive_file",
    "candle_revisions": "coin_id, vs_currency, date, revised_at, subject, observed_at, field",
    "price_anomalies": "coin_id, vs_currency, date, measure, observed_at",
    "second_opinions": "coin_id, vs_currency, date",
    "price_gaps": "coin_id, vs_currency, gap_from, granularity",
}
"""The published tables, and what each is ordered by."""

DAY_OF = {
    "daily_candlestick": "date",
    "candle_sources": "date",
    "candle_revisions": "date",
    "price_anomalies": "date",
    "second_opinions": "date",
    "price_gaps": "gap_from",
}
"""The column of each published table that says which day a row is about."""

RUN_TABLES = {
    "run_checks": {"check_name": "varchar", "outcome": "varchar"},
    "run_steps": {
        "step": "varchar",
        "started_at": "timestamp",
        "seconds": "double",
        "outcome": "varchar",
        "facts": "varchar",
    },
    "run_settings": {"section": "varchar", "key": "varchar", "value": "varchar"},
    "run_versions": {"package": "varchar", "version": "varchar"},
}
"""The tables about the run that made a version, and the columns of each."""

OF_THE_RUN = {"publication": "key", **dict.fromkeys(RUN_TABLES, "rowid")}
"""The tables without a coin or a day, and what each is ordered by; `rowid` keeps the order of writing."""

CANDLE = {
    "coin_id": "varchar",
    "vs_currency": "varchar",
    "date": "date",
    **dict.fromkeys(("open", "high", "low", "close", "volume_24h", "market_cap"), "double"),
    "points": "integer",
    "expected_points": "integer",
    "coverage": "double",
    "granularity": "varchar",
    "first_point_at": "timestamp",
    "last_point_at": "timestamp",
    "status": "varchar",
    "is_closed_by_live_point": "boolean",
    "extracted_at": "timestamp",
    "source": "varchar",
    "doubts": "varchar[]",
}
"""The columns of `daily_candlestick`."""

ADDED = {"doubts": "3.0"}
"""The columns of `daily_candlestick` that a version may lack, and the contract that added each."""

REVISION = {
    "coin_id": "varchar",
    "vs_currency": "varchar",
    "date": "date",
    "subject": "varchar",
    "observed_at": "timestamp",
    "granularity": "varchar",
    "field": "varchar",
    "old_value": "varchar",
    "new_value": "varchar",
    "reason": "varchar",
    "revised_at": "timestamp",
    "run_date": "date",
    "build": "varchar",
    "archive_file": "varchar",
    "source": "varchar",
}
"""The columns of `candle_revisions`; the files in `revisions/` have the same."""
