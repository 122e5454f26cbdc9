"""Replay with proof: everything built anew from the raw archive into an empty folder, and compared with what readers have.

Needs no network. Reads the archive and the published file; writes into a temporary folder only.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from btc_pipeline import loader, transform, warehouse
from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.settings import Settings
from btc_pipeline.targets import DuckDBTarget
from btc_pipeline.warehouse import quoted
from btc_pipeline.world import World

_TABLE = "main.daily_candlestick"
_KEY = "coin_id, vs_currency, date"


@dataclass(frozen=True)
class Version:
    """A published version: the newest extraction in it, its run's date, the build, and what the models were told."""

    as_of: datetime
    run_date: date
    build: str
    min_coverage: float


@dataclass(frozen=True)
class Difference:
    """A column of a candle that differs; where a candle is in one of the two only, the column is `candle`."""

    coin_id: str
    vs_currency: str
    date: date
    column: str
    published: str
    rebuilt: str

    def __str__(self) -> str:
        where = f"{self.coin_id} / {self.vs_currency} {self.date}"
        return f"{where}  {self.column}: published {self.published}, rebuilt {self.rebuilt}"


def compare(settings: Settings, world: World, sources_hash: str) -> tuple[int, list[Difference]]:
    """Rebuild the published version from the archive, run all tests on it, and compare it candle by candle.

    Returns:
        The number of candles compared, and the differences.

    Raises:
        ConfigurationError: nothing is published.
        TransformationError, CandleTestError: the archive does not build, or what it builds fails a test.
    """
    version = _published(world)
    if version is None:
        raise ConfigurationError(f"nothing is published: {world.published}", "run the pipeline first")
    with rebuilt(settings, world, version.as_of, version.run_date, sources_hash) as database:
        with warehouse.opened(database, read_only=True) as connection:
            connection.execute(f"attach {quoted(str(world.published))} as published_file (read_only)")
            return _compared(connection)


@contextmanager
def rebuilt(settings: Settings, world: World, as_of: datetime, day: date, sources_hash: str) -> Iterator[Path]:
    """A database built from all answers that were extracted up to `as_of`, and tested; gone on leaving."""
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-replay-") as folder:
        empty = World(Path(folder), world.source)
        empty.temporary.mkdir(parents=True)
        empty.raw.symlink_to(world.raw.resolve(), target_is_directory=True)
        target = DuckDBTarget(empty.work, _TABLE, loader.MARKERS, "Transform", day, "replay")
        settings = replace(settings, data_dir=empty.data_dir)
        transform.build(settings, empty, transform.Build(target, sources_hash, until=as_of))
        transform.judge(settings, empty, target)
        yield empty.work


def as_of(
    settings: Settings, world: World, instant: datetime, sources_hash: str
) -> tuple[list[dict[str, Any]], str | None]:
    """The candles as a run at `instant` made them, by today's models.

    Returns:
        The rows of `daily_candlestick`, and which build published exactly these; None where no record says so.
    """
    with rebuilt(settings, world, instant, instant.date(), sources_hash) as database:
        with warehouse.opened(database, read_only=True) as connection:
            query = connection.execute(f"select * from {_TABLE} order by {_KEY}")
            names = [column[0] for column in query.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in query.fetchall()]
            ((_, content_hash),) = connection.execute(f"select {warehouse.content(_TABLE)}").fetchall()
    return rows, records.build_of(world, "daily_candlestick", content_hash)


def _published(world: World) -> Version | None:
    try:
        with warehouse.opened(world.published, read_only=True) as connection:
            facts = dict(connection.execute("select key, value from publication").fetchall())
            ((newest,),) = connection.execute(f"select max(extracted_at) from {_TABLE}").fetchall()
    except (FileNotFoundError, warehouse.MissingTableError):
        return None
    return Version(newest.replace(tzinfo=timezone.utc), date.fromisoformat(facts["run_date"]), facts["build"], 0.9)


def _compared(connection: warehouse.Connection) -> tuple[int, list[Difference]]:
    columns = [name for name, *_ in connection.execute(f"describe {_TABLE}").fetchall()]
    columns = [name for name in columns if name not in _KEY.split(", ")]
    pairs = (
        f"from published_file.{_TABLE} as published full join {_TABLE} as rebuilt using ({_KEY})"
        " where published.status is null or rebuilt.status is null"
    )
    differences = [
        f"select {_KEY}, 'candle', if(published.status is null, 'none', 'there'),"
        f" if(rebuilt.status is null, 'none', 'there') {pairs}"
    ]
    differences += [
        f"select {_KEY}, '{name}', coalesce(published.{name}::varchar, 'null'), coalesce(rebuilt.{name}::varchar, 'null')"
        f" from published_file.{_TABLE} as published join {_TABLE} as rebuilt using ({_KEY})"
        f" where published.{name} is distinct from rebuilt.{name}"
        for name in columns
    ]
    found = connection.execute(f"{' union all '.join(differences)} order by all").fetchall()
    ((number,),) = connection.execute(f"select count(*) from published_file.{_TABLE}").fetchall()
    return int(number), [Difference(*row) for row in found]
