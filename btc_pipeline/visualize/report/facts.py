"""The facts of a report: the tables of the published database, read as any reader would, and closed at once.

Knows the published contract, and nothing about how the tables are made. Reads neither a setting nor the clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from btc_pipeline.visualize.report import gaps, history
from btc_pipeline.visualize.report.history import PairHistory
from btc_pipeline.warehouse import contract, duckdb_files, published

FORMAT = 2
"""The version of the JSON; raised when a key of it goes or changes its meaning."""

TABLES = {
    "daily_candlestick": "coin_id, vs_currency, date",
    "price_gaps": "gap_from desc, coin_id, vs_currency, granularity",
    "candle_revisions": "revised_at desc, coin_id, vs_currency, date desc, observed_at, field",
    "price_anomalies": "date desc, coin_id, vs_currency, measure, observed_at",
    "second_opinions": "coin_id, vs_currency, date",
    "run_checks": "outcome desc, check_name",
    "run_steps": "rowid",
    "run_settings": "rowid",
    "run_versions": "rowid",
}
"""The tables that a report shows, and the order of their rows: what is new comes first, but for candles."""

_GAPS = "price_gaps"
_DAY_OF = {table: day for table, day in contract.DAY_OF.items() if table in TABLES}
"""The shown tables that have rows of each day of the history, and the column that says which day a row is about."""

_READ = {
    "daily_candlestick": "date between $first_day and $last_day",
    "second_opinions": "date between $first_day and $last_day or verdict = 'differs'",
}
"""The tables with a row for each day of each coin: of these only such rows are read."""


@dataclass(frozen=True)
class Table:
    """Rows of a published table: of some all, of the largest those that a report shows; `total` counts all of them.

    Instants are naive and UTC, as DuckDB has them.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    total: int

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries; many parts of a report read them, and none changes them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        """Columns and rows as pandas' orient="split" has them; instants as ISO 8601 with a Z."""
        return {"columns": list(self.columns), "data": [[as_text(value) for value in row] for row in self.rows]}


@dataclass(frozen=True)
class Facts:
    """All that a report says: `publication` is the table of that name, `tables` those of `TABLES`.

    `histories` are the candles of each pair up to the last day, `verdicts` how many second opinions of a pair have
    each verdict, `gap_states` how many gaps of a pair have each state.
    """

    publication: dict[str, str]
    tables: dict[str, Table]
    histories: Mapping[tuple[str, str], PairHistory]
    verdicts: Mapping[tuple[str, str, str], int]
    gap_states: gaps.States

    @property
    def name(self) -> str:
        """The report's name, which is that of its files: the run's date, or the span of a backfill."""
        return name_of(self.publication)

    @property
    def run(self) -> str:
        """`run of 2026-11-20`, `backfill of 2026-03-01 to 2026-11-19`."""
        return published.run_of(self.publication)

    @property
    def is_sample(self) -> bool:
        """Whether the report has to say SAMPLE."""
        return self.publication["is_sample"] != "false"

    @property
    def first_day(self) -> date:
        """The first UTC day that the run was for."""
        return self.window[0]

    @property
    def last_day(self) -> date:
        """The last UTC day that the run was for; of a daily run its date."""
        return self.window[1]

    @cached_property
    def window(self) -> tuple[date, date]:
        """The UTC days that the run was for, both included."""
        return _window(self.publication, self.tables["run_settings"])

    @property
    def requested_pairs(self) -> list[tuple[str, str]]:
        """Each coin in each currency that the run had to request, in its order; if that is not known, all there are."""
        return _requested(self.tables["run_settings"]) or sorted(self.histories)

    def of_requested(self, name: str) -> list[dict[str, Any]]:
        """A table's rows of the pairs that the run had to request."""
        requested = set(self.requested_pairs)
        return [row for row in self.tables[name].records if (row["coin_id"], row["vs_currency"]) in requested]

    def setting(self, section: str, key: str) -> str:
        """A setting of the run; empty if it is not set, or not shown."""
        return _setting(self.tables["run_settings"], section, key)

    def as_json(self) -> dict[str, Any]:
        """The facts for machines: of each day's rows those of the run's window, and those that are new or open.

        Of the open gaps these are the ones that the page lists. `other_rows` says how many rows of each table are left
        out; they stay in the published database. So a report of a night does not grow with the years.
        """
        kept = {name: self._of_window(name) if name in _DAY_OF else table for name, table in self.tables.items()}
        return {
            "format": FORMAT,
            "publication": self.publication,
            "window": {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()},
            "other_rows": {name: self.tables[name].total - len(kept[name].rows) for name in _DAY_OF},
            **{name: table.as_json() for name, table in kept.items()},
        }

    def _of_window(self, name: str) -> Table:
        """The rows of the window's days; also gaps that are open, and changes recorded on the day of the version."""
        table = self.tables[name]

        def is_kept(row: Mapping[str, Any]) -> bool:
            is_open = row.get("state") == "open"
            is_new = "revised_at" in row and row["revised_at"].date().isoformat() == self.publication["as_of"][:10]
            return is_open or is_new or self.first_day <= _day(row[_DAY_OF[name]]) <= self.last_day

        rows = [row for row, each in zip(table.rows, table.records, strict=True) if is_kept(each)]
        return Table(table.columns, rows, table.total)


def _day(value: date) -> date:
    """The UTC day of a day or an instant."""
    return value.date() if isinstance(value, datetime) else value


def name_of(publication: Mapping[str, str]) -> str:
    """The name of the report of a version, from the facts of its table `publication`."""
    if publication.get("made_by") == "Backfill":
        return f"{publication['first_day']}_{publication['last_day']}"
    return publication["run_date"]


def read(database: Path) -> Facts:
    """Read a published database.

    Raises:
        FileNotFoundError: nothing is published.
        DatabaseError: it cannot be read, or is of another contract.
    """
    with duckdb_files.opened(database, read_only=True) as connection:
        publication = dict(connection.execute("select key, value from main.publication").fetchall())
        settings = _table(connection, "run_settings")
        first_day, last_day = _window(publication, settings)
        days = {"first_day": first_day, "last_day": last_day}
        tables = {name: _table(connection, name, days if name in _READ else None) for name in TABLES if name != _GAPS}
        query = gaps.query(connection, TABLES[_GAPS], first_day, last_day, _requested(settings))
        states = gaps.states(connection)
        tables[_GAPS] = replace(_of(connection.execute(query)), total=sum(states.values()))
        verdicts = connection.execute(
            "select coin_id, vs_currency, verdict, count(*) from main.second_opinions group by all"
        ).fetchall()
        histories = history.read(connection, last_day)
    counted = {(*pair, verdict): count for *pair, verdict, count in verdicts}
    return Facts(publication, tables, histories, counted, states)


def as_text(value: Any) -> Any:
    """Days and instants as text, NaN and infinity as None; anything else as it is."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


def _table(connection: duckdb_files.Connection, name: str, days: Mapping[str, date] | None = None) -> Table:
    which = f" where {_READ[name]}" if days else ""
    found = connection.execute(f"select * from main.{name}{which} order by {TABLES[name]}", days or {})
    table = _of(found)
    ((total,),) = connection.execute(f"select count(*) from main.{name}").fetchall() if days else [(table.total,)]
    return replace(table, total=total)


def _of(found: duckdb_files.Connection) -> Table:
    columns, rows = tuple(column[0] for column in found.description or ()), found.fetchall()
    return Table(columns, rows, len(rows))


def _requested(settings: Table) -> list[tuple[str, str]]:
    """Each coin in each currency of the run's settings, in their order; none if they are not known."""
    coins, currencies = (_setting(settings, "pipeline", key) for key in ("coins", "vs_currency"))
    if not coins or not currencies:
        return []
    return [(coin, currency) for coin in coins.split(",") for currency in currencies.split(",")]


def _window(publication: Mapping[str, str], settings: Table) -> tuple[date, date]:
    """The days that a version was for; one before contract 2.2 says how many days its settings were for."""
    last_day = date.fromisoformat(publication.get("last_day") or publication["run_date"])
    if given := publication.get("first_day"):
        return date.fromisoformat(given), last_day
    return last_day - timedelta(days=int(_setting(settings, "pipeline", "days") or 7)), last_day


def _setting(settings: Table, section: str, key: str) -> str:
    return next((str(value) for of, name, value in settings.rows if (of, name) == (section, key)), "")
