"""The whole history built anew from the raw archive in an empty folder, tested, and compared with what readers have.

Needs no network. Reads the archive and the published file; writes into a temporary folder only. What it takes in memory
is bounded: the archive is loaded in batches, DuckDB works within its limit, and the tests of single days run in slices.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timezone
from pathlib import Path

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.lake import exceptions, proofs, versions
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.transform import dbt_build, judge, tables
from btc_pipeline.warehouse import contract, database_errors, duckdb_files, published
from btc_pipeline.warehouse.duckdb_files import quoted

TABLE = "main.daily_candlestick"
KEY = ("coin_id", "vs_currency", "date")

_OTHER_TABLES = {
    table: day for table, day in contract.DAY_OF.items() if table not in ("daily_candlestick", "candle_revisions")
}
"""The other tables that the archive gives, and the column that says which day a row is about. What was published before
is not in it: `candle_revisions`."""


@dataclass(frozen=True)
class Until:
    """What a build from the archive takes: the answers extracted up to `instant`, and what was known beside them.

    `day` is the run's date. `decisions` is how many exceptions of the ledger it applies; it writes none. `failures` is
    the name of the last record of a failed run, and `proof` that of the proof whose days are not reproduced.
    """

    instant: datetime
    day: date
    decisions: int
    failures: str = ""
    proof: str = proofs.NONE


@dataclass(frozen=True)
class Difference:
    """A column of a candle that differs; if a row is in one of the two only, the column is the name of its table."""

    coin_id: str
    vs_currency: str
    date: date
    column: str
    published: str
    rebuilt: str

    def __str__(self) -> str:
        candle = f"{self.coin_id} / {self.vs_currency} {self.date}"
        return f"{candle}  {self.column}: published {self.published}, rebuilt {self.rebuilt}"


@dataclass(frozen=True)
class Comparison:
    """The published candles and the tests that were run, the differences, and the loaded answers that are lost."""

    candles: int
    checks: int
    differences: list[Difference]
    lost: list[str]


@contextmanager
def from_archive(
    settings: Settings, workspace: Workspace, until: Until, sources_hash: str, progress: Progress | None = None
) -> Iterator[tuple[Path, int]]:
    """A database built from the archive, and the number of tests that it has passed; gone on leaving.

    Raises:
        TransformationError, CandleTestError: the archive does not build, or what it builds fails a test.
    """
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-rebuild-") as folder:
        empty = Workspace(Path(folder), workspace.source)
        empty.temporary.mkdir(parents=True)
        empty.raw.symlink_to(workspace.raw.resolve(), target_is_directory=True)
        empty.proofs.symlink_to(workspace.proofs.resolve(), target_is_directory=True)
        empty.failures.mkdir()
        for path in workspace.failures.glob("*.ndjson"):
            if path.name <= until.failures:
                (empty.failures / path.name).symlink_to(path.resolve())
        wanted = dbt_build.Build(
            *("Transform", until.day, "rebuild", sources_hash),
            until=until.instant,
            decisions=until.decisions,
            proof=until.proof,
        )
        built = dbt_build.build(settings, empty, wanted, progress)
        yield empty.work, len(judge.judge(settings, empty, built.stamp))


def compare(
    settings: Settings,
    workspace: Workspace,
    sources_hash: str,
    progress: Progress | None = None,
    when_equal: Callable[[Settings, duckdb_files.Connection], None] | None = None,
) -> Comparison:
    """Rebuild the published version from the archive, run all tests on it, and compare it row by row.

    `when_equal` is called, if nothing differs, with the settings of the version and a connection to what was rebuilt.

    Raises:
        ConfigurationError: nothing is published, or it is from another source.
        TransformationError, CandleTestError: the archive does not build, or what it builds fails a test.
    """
    about, newest = _published(settings, workspace)
    record = versions.of_build(workspace, about["run_date"], about["build"])
    if record:
        settings = _with_vars_of(settings, record)
    until = Until(
        newest,
        date.fromisoformat(about["run_date"]),
        int(about.get("exceptions", exceptions.NONE_APPLIED).partition(" ")[0]),
        about.get("failures", ""),
        about.get("proof", proofs.NONE),
    )
    with (
        from_archive(settings, workspace, until, sources_hash, progress) as (database, checks),
        duckdb_files.opened(database, read_only=True) as connection,
    ):
        connection.execute(f"attach {quoted(str(workspace.published))} as published_file (read_only)")
        ((candles,),) = connection.execute(f"select count(*) from published_file.{TABLE}").fetchall()
        found = Comparison(int(candles), checks, _differences(connection), _lost(connection, workspace))
        if when_equal and not found.differences:
            when_equal(settings, connection)
        return found


def models_of_published(settings: Settings, workspace: Workspace) -> tuple[str, str]:
    """The hash of the models that made the published version, and the id of its build.

    Raises:
        ConfigurationError: nothing is published, or it is from another source.
    """
    about, _ = _published(settings, workspace)
    return about["models"], about["build"]


def _published(settings: Settings, workspace: Workspace) -> tuple[dict[str, str], datetime]:
    try:
        with duckdb_files.opened(workspace.published, read_only=True) as connection:
            about = dict(connection.execute("select key, value from publication").fetchall())
            ((newest,),) = connection.execute(f"select max(extracted_at) from {TABLE}").fetchall()
    except (FileNotFoundError, database_errors.MissingTableError):
        advice = published.what_to_type(workspace.published)
        raise ConfigurationError(f"nothing is published: {workspace.published}", advice) from None
    if about["source"] != settings.provenance:
        raise ConfigurationError(
            f"what is published is from {about['source']}, not from {settings.provenance}",
            "name its source, or run the pipeline first",
        )
    return about, newest.replace(tzinfo=timezone.utc)


def _with_vars_of(settings: Settings, record: versions.Record) -> Settings:
    """The settings, with the models' settings of that version."""
    known = {each.name for each in fields(settings)}
    return replace(settings, **{name: value for name, value in record["vars"].items() if name in known})


def _differences(connection: duckdb_files.Connection) -> list[Difference]:
    key = ", ".join(KEY)
    both = f"from published_file.{TABLE} as published full join {TABLE} as rebuilt using ({key})"
    names = [name for name, *_ in connection.execute(f"describe {TABLE}").fetchall() if name not in KEY]
    found = [
        f"select {key}, '{name}', coalesce(published.{name}::varchar, 'null'),"
        f" coalesce(rebuilt.{name}::varchar, 'null') {both} where published.{name} is distinct from rebuilt.{name}"
        " and published.status is not null and rebuilt.status is not null"
        for name in names
    ]
    found.append(
        f"select {key}, 'candle', if(published.status is null, 'no', 'yes'), if(rebuilt.status is null, 'no', 'yes')"
        f" {both} where published.status is null or rebuilt.status is null"
    )
    for table, day in _OTHER_TABLES.items():
        ours, theirs = f"main.{table}", f"published_file.main.{table}"
        for one, other, words in ((ours, theirs, "'no', 'yes'"), (theirs, ours, "'yes', 'no'")):
            found.append(
                f"select coin_id, vs_currency, {day}::date, {quoted(f'a row of {table}')}, {words}"
                f" from (select * from {one} except select * from {other})"
            )
    rows = connection.execute(f"{' union all '.join(found)} order by all").fetchall()
    return [Difference(*row) for row in rows]


def _lost(connection: duckdb_files.Connection, workspace: Workspace) -> list[str]:
    """The answers that dbt's own database was built from and that the archive does not have, or not whole."""
    if not workspace.work.exists():
        return []
    connection.execute(f"attach {quoted(str(workspace.work))} as own (read_only)")
    newest = f"(select max(extracted_at) from {tables.RAW_TABLE})"
    found = connection.execute(
        f"select archive_file, sha256 from own.{tables.RAW_TABLE} where extracted_at <= {newest}"
        f" except select archive_file, sha256 from {tables.RAW_TABLE} order by all"
    ).fetchall()
    connection.execute("detach own")
    return [file for file, _ in found]
