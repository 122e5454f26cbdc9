"""Rebuild and prove: all from the raw archive into an empty folder, compared with what readers have.

Needs no network. Reads the archive and the published file; writes into a temporary folder only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.lake import exceptions, raw_archive, versions
from btc_pipeline.market import instants
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.terminal import stdout, tables
from btc_pipeline.transform import rebuilt
from btc_pipeline.transform.rebuilt import KEY, TABLE
from btc_pipeline.warehouse import duckdb_files, marker_rows


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
        rebuilt.from_archive(settings, workspace, rebuilt.Until(instant, instant.date(), decided), sources_hash) as (
            database,
            _,
        ),
        duckdb_files.opened(database, read_only=True) as connection,
    ):
        query = connection.execute(f"select * from {TABLE} order by {', '.join(KEY)}")
        names = [column[0] for column in query.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in query.fetchall()]
        kinds = marker_rows.content(TABLE), marker_rows.content_of_text(TABLE)
        hashes = [connection.execute(f"select {kind}").fetchall()[0][1] for kind in kinds]
    return rows, versions.with_content(workspace, TABLE.removeprefix("main."), hashes)


def text(configured: Settings, workspace: Workspace, instant: datetime | None) -> str:
    """Whether the raw archive gives what is published; or the candles as they were at an instant.

    Raises:
        CandleTestError: it does not; the differences are printed.
    """
    models = Transform(date=configured.today()).sources_hash()
    if instant is not None:
        rows, record = as_of(configured, workspace, instant, models)
        return tables.of_rows(rows, record, stdout.screen().width)
    compared = rebuilt.compare(configured, workspace, models)
    differences = compared.differences
    if differences:
        stdout.write_text("\n".join(str(each) for each in differences))
        raise CandleTestError(
            f"the archive does not give what is published: {len(differences)} differences",
            "if the models have changed since, run the pipeline; btc-pipeline why COIN DAY shows more",
        )
    return (
        f"identical: {compared.candles} candles, rebuilt from {workspace.raw} and compared with {workspace.published}"
    )
