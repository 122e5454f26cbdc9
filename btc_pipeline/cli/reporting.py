"""What `report` and `open` do: write the report of what is published, or show it in the browser.

Reads the published database, as any reader would; fetches and builds nothing.
"""

from __future__ import annotations

import webbrowser
from datetime import date
from pathlib import Path

from btc_pipeline import candles, published_tables
from btc_pipeline.errors import ConfigurationError, VisualizationError
from btc_pipeline.settings import Settings
from btc_pipeline.world import World


def report(configured: Settings, world: World, *, is_json: bool) -> str:
    """The path of the report, written anew; or its facts as JSON, and nothing written.

    Raises:
        ConfigurationError: nothing is published.
        VisualizationError: there is no candle to report.
    """
    from btc_pipeline.report import writing

    path = _path(world)
    try:
        if is_json:
            return writing.as_json(world.published)
        return str(writing.write(world.published, path, configured.chart.moving_averages)[0])
    except ValueError as error:
        raise VisualizationError(f"the report cannot be written: {error}", "run the pipeline") from None


def open_(configured: Settings, world: World) -> str:
    """The path of the newest report, which the browser shows now; it is written first where it is not there.

    Raises:
        ConfigurationError: nothing is published, or there is no browser here.
    """
    path = _path(world)
    if not path.exists():
        report(configured, world, is_json=False)
    if not webbrowser.open(path.absolute().as_uri()):
        raise ConfigurationError(f"there is no browser here: {path}", "copy the file to where there is one")
    return str(path)


def _path(world: World) -> Path:
    try:
        about = candles.publication(world.published)
    except FileNotFoundError:
        advice = published_tables.what_to_type(world.published)
        raise ConfigurationError(f"nothing is published: {world.published}", advice) from None
    return world.report(date.fromisoformat(about["run_date"]))
