"""Draws the daily candles of one coin as a PNG, and as SVG if it is chosen, and writes the files whole.

Must not read a database, a setting or the clock, nor import matplotlib, pandas or mplfinance before it draws:
they cost most of a second. Its parts: `page` (header and footer), `panels` (axes), `candles`
(mplfinance), `market/formatting` (words and numbers), `style` and `palette` (sizes and colours), `file`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.market import formatting as words
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import ChartFacts
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.visualize.chart import checks, file
from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.layout import Page
from btc_pipeline.visualize.chart.page import draw_page
from btc_pipeline.visualize.chart.palette import PALETTES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ChartFacts", "ChartSettings", "build_figure", "draw_candles"]

_DEFAULTS = ChartSettings()


def draw_candles(
    candles: Sequence[Candle], facts: ChartFacts, path: Path, chosen: ChartSettings = _DEFAULTS
) -> list[Path]:
    """Draw the chart into the PNG at `path`, which is replaced whole or, on any failure, left as it was.

    The same arguments give the same picture, whatever the clock, the time zone or somebody's matplotlibrc.
    Returns the files written. Raises ValueError for candles that make no chart (see `build_figure`), OSError for
    a file that cannot be.
    """
    with look.drawing(PALETTES[chosen.style]):
        return file.write(build_figure(candles, facts, chosen.style), about(facts), path, chosen)


def build_figure(candles: Sequence[Candle], facts: ChartFacts, style: str = "light") -> Figure:
    """Draw the chart on a Figure of its own, unknown to pyplot, with the axes `price` and `volume`.

    The x axis has matplotlib's dates, the candle of a UTC day at its date. Raises ValueError for no candles,
    two of one day, one outside the window, one of another coin or currency, and one that is not a candle.
    """
    ordered = checks.in_order(candles, facts)
    if not ordered:
        window = f"days={facts.first_day}..{facts.last_day}"
        raise ValueError(f"no candles to draw: coin_id={facts.coin_id} vs_currency={facts.vs_currency} {window}")
    palette = PALETTES[style]
    with look.drawing(palette):
        figure = look.figure(look.HEIGHT, palette)
        draw_page(Page(figure, palette, look.HEIGHT), ordered, facts)
    return figure


def about(facts: ChartFacts) -> dict[str, str]:
    """What the file says of itself, by the PNG standard's own keywords."""
    texts = {
        "Title": words.title_text(facts),
        "Description": words.subtitle_text(facts),
        "Source": words.source_text(facts),
    }
    return texts | {"Warning": words.SAMPLE_WARNING} if facts.is_sample else texts
