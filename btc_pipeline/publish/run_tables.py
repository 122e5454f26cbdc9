"""The run tables of a published version: the checks, steps, settings and package versions of the run that made it.

They are `run_checks`, `run_steps`, `run_settings` and `run_versions` in the readers' database. So the file alone shows
how its candles were made. Given an open connection; opens nothing.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

from btc_pipeline.observe.journal import JournalEntry
from btc_pipeline.settings import public
from btc_pipeline.settings.values import Settings
from btc_pipeline.warehouse import contract, duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

_PACKAGES = ("btc_pipeline", "luigi", "airbyte", "airbyte-cdk", "duckdb", "dbt-core", "dbt-duckdb")
_DRAWING_PACKAGES = ("matplotlib", "mplfinance")


def write(
    connection: duckdb_files.Connection, settings: Settings, checks: Mapping[str, str], steps: Sequence[JournalEntry]
) -> None:
    """Create and fill the tables.

    Args:
        connection: of the version that is about to be published.
        settings: of the run; shown without secrets.
        checks: the outcome of each test: `pass`, `warn`.
        steps: what the steps of the run's day did before this one.
    """
    _fill(connection, "run_checks", sorted(checks.items()))
    rows = [(each.step, each.started_at.removesuffix("Z"), each.seconds, each.outcome, each.facts) for each in steps]
    _fill(connection, "run_steps", rows)
    _fill(connection, "run_settings", public.shown(settings))
    packages = [(package, version(package)) for package in (*_PACKAGES, *_DRAWING_PACKAGES)]
    _fill(connection, "run_versions", [("python", platform.python_version()), *packages])


def _fill(connection: duckdb_files.Connection, table: str, rows: Iterable[Sequence[str | float]]) -> None:
    columns = contract.RUN_TABLES[table]
    connection.execute(f"create table main.{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
    if values:
        connection.execute(f"insert into main.{table} values {values}")


def _literal(value: str | float) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)
