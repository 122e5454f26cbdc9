"""A failed test is led back to the answers that brought its rows: they are quarantined, or proved right by another one.

A test whose `meta` says `failure: answer` lists points: coin, currency, granularity, `observed_ms` and `price`. A row
with a `load_number` is about one answer. All answers that gave such a value are quarantined. If the test is
`is_confirmable`, a quarantined answer of another run with the same values proves both right, unless the row is about
one answer: they are released, and the models put the day in doubt.

Writes the ledger of exceptions. Imports nothing of dbt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.lake.exceptions import AnswerDecision, ExceptionLedger, NewDecision
from btc_pipeline.market import instants
from btc_pipeline.transform.tables import RAW_TABLE
from btc_pipeline.warehouse import duckdb_files

_APART = timedelta(hours=1)
"""Two answers are evidence of their own if they were extracted so far apart."""


@dataclass(frozen=True)
class FailedTest:
    """A failed test of answers: its name, its SQL, and whether a second answer can prove the first one right."""

    name: str
    sql: str
    is_confirmable: bool


@dataclass(frozen=True)
class _Suspect:
    """An answer, and the points of it that a test found: prices by stamp in milliseconds."""

    archive_file: str
    sha256: str
    prices: Mapping[int, float]
    is_one: bool

    @property
    def series(self) -> str:
        """Its stream, coin and currency."""
        return self.archive_file.rpartition("/date=")[0]


def decide(
    database: Path, raw: Path, failed: Sequence[FailedTest], decided_at: datetime, run: str
) -> list[AnswerDecision]:
    """Quarantine the answers that the failed tests are about, or release those that prove each other right.

    Returns:
        The decisions, which are in the ledger now. None: the tests stay as they are.

    Raises:
        TransformationError: the ledger is damaged.
        DatabaseError: a test's rows cannot be read.
    """
    ledger = exceptions.read(raw)
    new: dict[str, NewDecision] = {}
    decided: set[str] = set()
    for test in sorted(failed, key=lambda each: each.name):
        with duckdb_files.opened(database, read_only=True) as connection:
            suspects = _suspects(connection, test.sql)
        for suspect in suspects:
            if suspect.series not in decided:  # what else is wrong with it may follow: the next build says
                for each in _decisions(raw, ledger, test, suspect):
                    new.setdefault(each.archive_file, each)
        decided |= {suspect.series for suspect in suspects}
    return exceptions.append(raw, list(new.values()), decided_at, run) if new else []


def _decisions(raw: Path, ledger: ExceptionLedger, test: FailedTest, suspect: _Suspect) -> list[NewDecision]:
    known = ledger.newest.get(suspect.archive_file)
    if known and known.action == exceptions.RELEASED and known.check in ("", test.name):
        return []  # a person, or another answer, has decided about this check; no name: about all
    if test.is_confirmable and not suspect.is_one and (alike := _alike(raw, ledger, test, suspect)):
        return [
            NewDecision(
                action=exceptions.RELEASED,
                archive_file=each.archive_file,
                sha256=each.sha256,
                check=test.name,
                rows=each.rows,
                by=test.name,
                reason=f"another run has the same values: {suspect.archive_file}",
            )
            for each in alike
        ]
    stamp, price = min(suspect.prices.items())
    first = f"{price!r} at {instants.text(instants.of_milliseconds(stamp))}"
    return [
        NewDecision(
            action=exceptions.QUARANTINED,
            archive_file=suspect.archive_file,
            sha256=suspect.sha256,
            check=test.name,
            rows=len(suspect.prices),
            by=test.name,
            reason=f"{len(suspect.prices)} of its prices fail {test.name}, the first is {first}",
        )
    ]


def _alike(raw: Path, ledger: ExceptionLedger, test: FailedTest, suspect: _Suspect) -> list[AnswerDecision]:
    """The quarantined answers of other runs which hold the same values at the stamps that they share."""
    try:
        request = raw_archive.entry(raw, suspect.archive_file).request
    except raw_archive.DamagedAnswerError:
        return []
    found = []
    for decision in ledger.quarantined.values():
        if decision.check != test.name or decision.by == exceptions.PERSON:
            continue
        try:
            other = raw_archive.entry(raw, decision.archive_file)
            if (other.request.pair, other.request.stream) != (request.pair, request.stream):
                continue
            if abs(other.request.extracted_at - request.extracted_at) < _APART:
                continue
            prices = {int(stamp): price for stamp, price in json.loads(other.read(raw))["prices"]}
        except raw_archive.DamagedAnswerError:
            continue
        shared = {stamp: price for stamp, price in suspect.prices.items() if stamp in prices}
        if shared and all(prices[stamp] == price for stamp, price in shared.items()):
            found.append(decision)
    return found


def _suspects(connection: duckdb_files.Connection, test: str) -> list[_Suspect]:
    columns = {name for name, *_ in connection.execute(f"describe {test}").fetchall()}
    load_number = "load_number" if "load_number" in columns else "null::integer"
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""
        with found as (
            select distinct coin_id, vs_currency, granularity, observed_ms, price, {load_number} as load_number
            from ({test}
            )
        ),
        points as (
            select
                archive_file, sha256, load_number, coin_id, vs_currency, granularity,
                unnest(prices) as pair
            from {RAW_TABLE} semi join found using (coin_id, vs_currency, granularity)
        )
        select points.archive_file, any_value(points.sha256), list(found.observed_ms), list(found.price),
            bool_or(found.load_number is not null)
        from found
        inner join points
            on points.coin_id = found.coin_id and points.vs_currency = found.vs_currency
            and points.granularity = found.granularity and points.pair[1]::bigint = found.observed_ms
            and points.pair[2] = found.price
            and coalesce(found.load_number, points.load_number) = points.load_number
        group by points.archive_file order by points.archive_file
        """
    ).fetchall()
    return [
        _Suspect(file, sha256, dict(zip(stamps, prices, strict=True)), is_one)
        for file, sha256, stamps, prices, is_one in rows
    ]
