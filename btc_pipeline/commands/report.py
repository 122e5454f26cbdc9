"""What `report` and `open` do: write the report of what is published, or show it in the browser.

Reads the published database, as any reader would; fetches and builds nothing.
"""

from __future__ import annotations

import contextlib
import webbrowser
from pathlib import Path

from btc_pipeline.errors import ConfigurationError, VisualizationError
from btc_pipeline.settings import parsers
from btc_pipeline.settings.reader import Settings
from btc_pipeline.settings.workspace import World
from btc_pipeline.warehouse import published, published_tables


def report(configured: Settings, world: World, *, is_json: bool) -> str:
    """The path of the report, written anew; or its facts as JSON, and nothing written.

    Raises:
        ConfigurationError: nothing is published.
        PublishingError: what is published is of another contract.
        VisualizationError: there is no candle to report, or one cannot be shown.
    """
    from btc_pipeline.visualize.report import write

    path = _path(world)
    try:
        if is_json:
            return write.as_json(world.published)
        return str(write.write(world.published, path, configured.chart.moving_averages)[0])
    except (ValueError, ArithmeticError, TypeError) as error:
        raise VisualizationError(f"the report cannot be written: {error}", "run the pipeline") from None


def open_(configured: Settings, world: World, name: str | None) -> str:
    """The path of a report, by its name or else of the newest day, which the browser shows now.

    Where there is no report at all, that of what is published is written first.

    Raises:
        ConfigurationError: there is no report of this name, nothing is published, or there is no browser here.
    """
    path = _named(world, name) if name else _newest(world) or Path(report(configured, world, is_json=False))
    if not webbrowser.open(path.absolute().as_uri()):
        raise ConfigurationError(f"there is no browser here: {path}", "copy the file to where there is one")
    return str(path)


def _named(world: World, name: str) -> Path:
    path = world.reports / f"{name}.html"
    if not path.exists():
        there = sorted(each.stem for each in world.reports.glob("[0-9]*.html"))
        raise ConfigurationError(
            f"there is no report {name}: {path}",
            f"choose one of {len(there)}, the newest is {there[-1]}" if there else "run the pipeline",
        )
    return path


def _newest(world: World) -> Path | None:
    """By the day in its name; whatever else lies there is passed over."""
    found = {}
    for path in world.reports.glob("*.html"):
        with contextlib.suppress(ValueError):
            found[parsers.day(path.stem)] = path
    return found[max(found)] if found else None


def _path(world: World) -> Path:
    from btc_pipeline.visualize.report import facts

    try:
        about = published_tables.checked_facts(published.publication(world.published), world.published)
    except FileNotFoundError:
        advice = published_tables.what_to_type(world.published)
        raise ConfigurationError(f"nothing is published: {world.published}", advice) from None
    return world.reports / f"{facts.name_of(about)}.html"
