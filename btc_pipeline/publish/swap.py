"""Publishing: the tested tables become the readers' database with one rename.

Each version has a record in `runs/`: its facts, the settings that it was built with, a profile of its tables. Its
changes to settled candles are kept in `revisions/`, which does not depend on the databases. The pipeline keeps a copy
of the candles for itself (`lake/last_version.py`).

The published file is never opened for writing. An open connection keeps reading the version it opened. Open it again to
see the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

from btc_pipeline.errors import PublishingError
from btc_pipeline.lake import last_version, proofs, versions
from btc_pipeline.market import instants
from btc_pipeline.observe.journal import JournalEntry
from btc_pipeline.publish import run_tables
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files
from btc_pipeline.warehouse import contract, duckdb_files, held, profiles, published
from btc_pipeline.warehouse.duckdb_files import quoted

_NEW_CHANGES = (
    "select * from tested.main.candle_revisions where subject = 'candle'"
    " except select * from tested.published.revisions"
)


@dataclass(frozen=True)
class Version:
    """What is to be published."""

    day: date
    """The run's date."""
    first_day: date
    last_day: date
    """The days that the run was for, both included."""
    checks: Mapping[str, str]
    """The outcome of each test, for the version record."""
    steps: Sequence[JournalEntry] = ()
    """What the steps before it did."""
    made_by: str = "Publish"
    """The task: `Publish`, or `Backfill`."""


def swap_in(settings: Settings, workspace: Workspace, version: Version) -> int:
    """Copy the tested tables, and facts about this version, into a new file and rename it over the published one.

    Args:
        settings: the source of the data, and the models' settings.
        workspace: the place of dbt's database and of the published file.
        version: the facts about it.

    Returns:
        The number of candles published.

    Raises:
        PublishingError: another program has the published file open for writing.
    """
    held.wait_until_free(workspace.published, PublishingError)  # its log would be applied to the new version
    fresh = workspace.temporary / workspace.published.name
    fresh.unlink(missing_ok=True)
    changes = workspace.temporary / "changes.ndjson"
    changes.unlink(missing_ok=True)
    with duckdb_files.opened(fresh, read_only=False) as connection:
        connection.execute(f"attach {quoted(str(workspace.work))} as tested (read_only)")
        for table, order in contract.TABLES.items():
            connection.execute(f"create table main.{table} as select * from tested.main.{table} order by {order}")
        (count, as_of) = connection.execute(
            "select count(*), max(extracted_at) from main.daily_candlestick"
        ).fetchall()[0]
        about = {
            "contract": contract.VERSION,
            "source": settings.provenance,
            "is_sample": str(settings.is_sample).lower(),
            "models": _of_build(connection, "models"),
            "build": _of_build(connection, "build"),
            "exceptions": _of_build(connection, "exceptions"),
            "failures": _of_build(connection, "failures"),
            "proof": (proof := _of_build(connection, "proof")),
            "proved": proofs.text(proofs.of_name(workspace.proofs, proof)),
            "run_date": version.day.isoformat(),
            "first_day": version.first_day.isoformat(),
            "last_day": version.last_day.isoformat(),
            "made_by": version.made_by,
            "as_of": instants.text(as_of) if as_of else "",
            "published_at": instants.text(datetime.now(timezone.utc)),
        }
        rows = ", ".join(f"({quoted(key)}, {quoted(value)})" for key, value in about.items())
        connection.execute(f"create table main.publication as select * from (values {rows}) as facts(key, value)")
        run_tables.write(connection, settings, version.checks, version.steps)
        if connection.execute(_NEW_CHANGES).fetchone():
            connection.execute(f"copy ({_NEW_CHANGES}) to {quoted(str(changes))} (format json)")
        connection.execute("detach tested")
        profile = profiles.of(connection, version.first_day, version.last_day)
        candles = last_version.write_candles(connection, workspace)
    last_version.keep(workspace, fresh, candles, about)
    # A reader who wrote into the old version and died has left this log; it must not be applied to the new version
    workspace.published.with_name(workspace.published.name + ".wal").unlink(missing_ok=True)
    files.forbid_writing(fresh)
    files.move_into_place(fresh, workspace.published)
    if changes.exists():
        workspace.revisions.mkdir(exist_ok=True)
        files.move_into_place(changes, workspace.revisions / f"{version.day.isoformat()}-{about['build']}.ndjson")
    record = {"publication": about, "vars": settings.dbt_vars, "checks": dict(version.checks), "tables": profile}
    versions.keep(workspace, version.day, about["build"], record)
    return int(count)


def is_of(workspace: Workspace, day: date) -> bool:
    """Whether the daily run of this day made the published version."""
    about = published.publication(workspace.published)
    return (about.get("made_by"), about["run_date"]) == ("Publish", day.isoformat())


def _of_build(connection: duckdb_files.Connection, column: str) -> str:
    ((value,),) = connection.execute(f"select any_value({column}) from tested.pipeline.this_run").fetchall()
    return str(value)
