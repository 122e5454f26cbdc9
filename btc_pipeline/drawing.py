"""Drawing a run's charts from the published database.

Reads the candles as any reader would; how a chart looks is for `chart` to say.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from btc_pipeline import candles, chart
from btc_pipeline.errors import VisualizationError
from btc_pipeline.settings import Settings
from btc_pipeline.world import World


def charts(settings: Settings, world: World, day: date) -> list[Path]:
    """Draw one chart for each coin, of the run's days.

    Raises:
        VisualizationError: there is no candle to draw, or drawing failed.
    """
    publication = candles.publication(world.published)
    as_of = datetime.fromisoformat(publication["as_of"].replace("Z", "+00:00"))
    first = day - timedelta(days=settings.days)
    paths = []
    for coin in settings.coins:
        path = world.chart(coin, settings.vs_currency, day)
        facts = chart.ChartFacts(
            coin_id=coin,
            vs_currency=settings.vs_currency,
            first_day=first,
            last_day=day,
            source=publication["source"],
            is_sample=publication["is_sample"] == "true",
            data_as_of=as_of,
        )
        try:
            week = candles.published(world.published, coin, settings.vs_currency, first, day)
            chart.draw_candles(week, facts, path)
        except ValueError as error:
            raise VisualizationError(f"the chart of {coin} cannot be drawn: {error}", "run it again") from error
        paths.append(path)
    return paths
