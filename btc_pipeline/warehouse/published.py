"""The one reader of the published file: read-only, and closed at once.

Every instant is UTC with its zone. Knows the published contract, but not what the tables mean. Writes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from btc_pipeline.errors import ConfigurationError, PublishingError
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings import parsers
from btc_pipeline.system.project import IS_INSTALLED
from btc_pipeline.warehouse import database_errors, duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

Row = dict[str, Any]

_FACTS = ("contract", "source", "is_sample", "models", "build", "run_date", "as_of", "published_at")
"""The keys that `publication` has in each version of this contract."""

_DAYS = ("run_date", "first_day", "last_day")


def read(database: Path, *queries: str) -> list[list[Row]]:
    """The rows of each query, all from the same version.

    Raises:
        ConfigurationError: nothing is published yet, or this version has no such table.
        DatabaseError: the file cannot be read.
    """
    try:
        with duckdb_files.opened(database, read_only=True) as connection:
            return [_rows(connection, query) for query in queries]
    except FileNotFoundError:
        raise ConfigurationError(f"nothing is published: {database}", what_to_type(database)) from None
    except database_errors.MissingTableError as error:
        raise ConfigurationError(
            f"the published version lacks a table or column: {error}", "run the pipeline"
        ) from None


def candles(database: Path, pairs: Iterable[Pair], first: date, last: date) -> dict[Pair, list[Candle]]:
    """The candles of each of these pairs from `first` to `last`, both included, in order of date.

    The pairs are validated settings. One that has no candle has an empty list.
    """
    found: dict[Pair, list[Candle]] = {pair: [] for pair in pairs}
    with duckdb_files.opened(database, read_only=True) as connection:
        rows = connection.execute(
            "select coin_id, vs_currency, date, open, high, low, close, volume_24h, status, coverage, points,"
            f" last_point_at from main.daily_candlestick where {of_days(found, first, last)} order by date"
        ).fetchall()
    for row in rows:
        candle = Candle(*row)
        of_pair = found[Pair(candle.coin_id, candle.vs_currency)]
        of_pair.append(replace(candle, last_point_at=candle.last_point_at.replace(tzinfo=timezone.utc)))
    return found


def publication(database: Path) -> dict[str, str]:
    """The facts about the published version: `source`, `as_of`, `run_date`, `published_at`, …"""
    with duckdb_files.opened(database, read_only=True) as connection:
        return dict(connection.execute("select key, value from main.publication").fetchall())


def candle_of(row: Mapping[str, Any]) -> Candle:
    """The candle of a row of `daily_candlestick`; the row has more columns. Contract 2 had no `doubts`."""
    known = {field.name: row[field.name] for field in dataclasses.fields(Candle) if field.name != "doubts"}
    return Candle(**known, doubts=tuple(row.get("doubts") or ()))


def what_to_type(database: Path) -> str:
    """What to type if nothing is published. Offline, `run` has made a sample, but in another workspace."""
    run = "btc-pipeline run" if IS_INSTALLED else "make run"
    sample = database.parent.parent / "sample" / database.name
    is_other = database != sample and sample.exists()
    return f"{run}; to see the SAMPLE that is there: --sample" if is_other else run


def checked_facts(facts: Mapping[str, str | None], database: Path) -> dict[str, str]:
    """The facts of `publication`, by their keys, after a check that all needed ones exist.

    Raises:
        PublishingError: one is missing, or a date is not valid.
    """
    known = {key: value for key, value in facts.items() if value is not None}
    lacking = next((key for key in _FACTS if key not in known), "")
    lacking = lacking or next((key for key in _DAYS if key in known and not _is_day(known[key])), "")
    if lacking:
        what = f"what is published is of another contract: publication has no {lacking} in {database}"
        raise PublishingError(what, "run the pipeline")
    return known


def _is_day(text: str) -> bool:
    try:
        parsers.day(text)
    except ValueError:
        return False
    return True


def run_of(facts: Mapping[str, str]) -> str:
    """`run of 2026-11-20`, `backfill of 2026-03-01 to 2026-11-19`: what made a version, by its facts."""
    if facts.get("made_by") == "Backfill":
        return f"backfill of {facts['first_day']} to {facts['last_day']}"
    return f"run of {facts['run_date']}"


def of_pairs(pairs: Iterable[Pair]) -> str:
    """A SQL condition: the rows of these pairs. Their names are validated."""
    wanted = ", ".join(f"({quoted(pair.coin_id)}, {quoted(pair.vs_currency)})" for pair in pairs)
    return f"(coin_id, vs_currency) in ({wanted})"


def of_days(pairs: Iterable[Pair], first: date, last: date) -> str:
    """A SQL condition: the rows of these pairs and days, both included, in a table with a row for each day."""
    return f"{of_pairs(pairs)} and date between {quoted(first.isoformat())} and {quoted(last.isoformat())}"


def open_gaps(pairs: Iterable[Pair], first: date, last: date) -> str:
    """A SQL condition: the open gaps of these pairs that reach into these days, both included."""
    after = last + timedelta(days=1)
    is_in = f"gap_to > {quoted(first.isoformat())} and gap_from < {quoted(after.isoformat())}"
    return f"{of_pairs(pairs)} and state = 'open' and {is_in}"


def _rows(connection: duckdb_files.Connection, query: str) -> list[Row]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, map(_with_zone, row), strict=True)) for row in found.fetchall()]


def _with_zone(value: object) -> object:
    return value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value
