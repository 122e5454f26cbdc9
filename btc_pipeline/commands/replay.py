"""Rebuild and prove: all from the raw archive into an empty folder, compared with what readers have.

Needs no network. Reads the archive and the published file; writes into a temporary folder only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.lake import exceptions, raw_archive, versions
from btc_pipeline.market import instants
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.terminal import stdout, tables
from btc_pipeline.transform import dbt_build, judge
from btc_pipeline.warehouse import duckdb_files, published
from btc_pipeline.warehouse.duckdb_files import quoted

TABLE = "main.daily_candlestick"
_KEY = ("coin_id", "vs_currency", "date")


@dataclass(frozen=True)
class Difference:
    """A column of a candle that differs; if a candle is in one of the two only, the column is `candle`."""

    coin_id: str
    vs_currency: str
    date: date
    column: str
    published: str
    rebuilt: str

    def __str__(self) -> str:
        candle = f"{self.coin_id} / {self.vs_currency} {self.date}"
        return f"{candle}  {self.column}: published {self.published}, rebuilt {self.rebuilt}"


def compare(settings: Settings, workspace: Workspace, sources_hash: str) -> tuple[int, list[Difference]]:
    """Rebuild the published version from the archive, run all tests on it, and compare it candle by candle.

    Returns:
        The number of published candles, and the differences.

    Raises:
        ConfigurationError: nothing is published, or it is from another source.
        TransformationError, CandleTestError: the archive does not build, or what it builds fails a test.
    """
    about, newest = _published(settings, workspace)
    record = versions.of_build(workspace, about["run_date"], about["build"])
    if record:
        settings = _with_vars_of(settings, record)
    day = date.fromisoformat(about["run_date"])
    with (
        rebuilt(settings, workspace, newest, day, sources_hash, _applied(about)) as database,
        duckdb_files.opened(database, read_only=True) as connection,
    ):
        connection.execute(f"attach {quoted(str(workspace.published))} as published_file (read_only)")
        return _compared(connection)


def as_of(
    settings: Settings, workspace: Workspace, instant: datetime, sources_hash: str
) -> tuple[list[dict[str, Any]], versions.Record | None]:
    """The candles as they were at an instant, from the answers that had been extracted then, by today's models.

    Returns:
        The rows of `daily_candlestick`, and the record of the version that had exactly these; None if no
        record says so.

    Raises:
        ConfigurationError: nothing had been extracted then.
    """
    extractions = [entry.request.extracted_at for entry in raw_archive.entries(workspace.raw, MARKET_CHART)[0]]
    decided = len(exceptions.read(workspace.raw).up_to(until=instant).decisions)
    instant = max((each for each in extractions if each <= instant), default=instant)
    if instant not in extractions:
        raise ConfigurationError(f"nothing had been extracted by {instants.text(instant)}", "name a later instant")
    with (
        rebuilt(settings, workspace, instant, instant.date(), sources_hash, decided) as database,
        duckdb_files.opened(database, read_only=True) as connection,
    ):
        query = connection.execute(f"select * from {TABLE} order by {', '.join(_KEY)}")
        names = [column[0] for column in query.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in query.fetchall()]
        ((_, content_hash),) = connection.execute(f"select {duckdb_files.content(TABLE)}").fetchall()
    return rows, versions.with_content(workspace, TABLE.removeprefix("main."), content_hash)


@contextmanager
def rebuilt(
    settings: Settings, workspace: Workspace, until: datetime, day: date, sources_hash: str, decisions: int
) -> Iterator[Path]:
    """A database built from all answers that were extracted up to `until`, and tested; gone on leaving.

    `decisions` is how many exceptions of the ledger it applies. It writes none.
    """
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-rebuild-") as folder:
        empty = Workspace(Path(folder), workspace.source)
        empty.temporary.mkdir(parents=True)
        empty.raw.symlink_to(workspace.raw.resolve(), target_is_directory=True)
        wanted = dbt_build.Build("Transform", day, "rebuild", sources_hash, until=until, decisions=decisions)
        built = dbt_build.build(settings, empty, wanted)
        judge.judge(settings, empty, built.stamp)
        yield empty.work


def _applied(about: dict[str, str]) -> int:
    """The number of the last exception that a version has applied."""
    return int(about.get("exceptions", exceptions.NONE_APPLIED).partition(" ")[0])


def _published(settings: Settings, workspace: Workspace) -> tuple[dict[str, str], datetime]:
    try:
        with duckdb_files.opened(workspace.published, read_only=True) as connection:
            about = dict(connection.execute("select key, value from publication").fetchall())
            ((newest,),) = connection.execute(f"select max(extracted_at) from {TABLE}").fetchall()
    except (FileNotFoundError, duckdb_files.MissingTableError):
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


def _compared(connection: duckdb_files.Connection) -> tuple[int, list[Difference]]:
    key = ", ".join(_KEY)
    both = f"from published_file.{TABLE} as published full join {TABLE} as rebuilt using ({key})"
    names = [name for name, *_ in connection.execute(f"describe {TABLE}").fetchall() if name not in _KEY]
    differences = [
        f"select {key}, '{name}', coalesce(published.{name}::varchar, 'null'),"
        f" coalesce(rebuilt.{name}::varchar, 'null') {both} where published.{name} is distinct from rebuilt.{name}"
        " and published.status is not null and rebuilt.status is not null"
        for name in names
    ]
    differences.append(
        f"select {key}, 'candle', if(published.status is null, 'no', 'yes'), if(rebuilt.status is null, 'no', 'yes')"
        f" {both} where published.status is null or rebuilt.status is null"
    )
    found = connection.execute(f"{' union all '.join(differences)} order by all").fetchall()
    ((number,),) = connection.execute(f"select count(*) from published_file.{TABLE}").fetchall()
    return int(number), [Difference(*row) for row in found]


def text(configured: Settings, workspace: Workspace, instant: datetime | None) -> str:
    """Whether the raw archive gives what is published; or the candles as they were at an instant.

    Raises:
        CandleTestError: it does not; the differences are printed.
    """
    models = Transform(date=configured.today()).sources_hash()
    if instant is not None:
        rows, record = as_of(configured, workspace, instant, models)
        return tables.of_rows(rows, record, stdout.screen().width)
    number, differences = compare(configured, workspace, models)
    if differences:
        stdout.write_text("\n".join(str(each) for each in differences))
        raise CandleTestError(
            f"the archive does not give what is published: {len(differences)} differences",
            "if the models have changed since, run the pipeline; btc-pipeline why COIN DAY shows more",
        )
    return f"identical: {number} candles, rebuilt from {workspace.raw} and compared with {workspace.published}"
