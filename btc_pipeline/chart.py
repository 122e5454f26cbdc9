"""Draws the daily candles of one coin as a PNG, and writes the file whole.

Must not read a database, a setting or the clock, nor import matplotlib, pandas or mplfinance before it draws:
they cost most of a second. Its parts: `chart_page` (header and footer), `chart_panels` (axes),
`chart_candles` (mplfinance), `chart_text` (words and numbers), `chart_style` (sizes and colours).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline import chart_style as look
from btc_pipeline import chart_text as words
from btc_pipeline import files
from btc_pipeline.candle import Candle
from btc_pipeline.chart_page import draw_page
from btc_pipeline.chart_text import ChartFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ChartFacts", "build_figure", "draw_candles"]


def draw_candles(candles: Sequence[Candle], facts: ChartFacts, path: Path) -> None:
    """Draw the chart into the PNG at `path`, which is replaced whole or, on any failure, left as it was.

    The same arguments give the same picture, whatever the clock, the time zone or somebody's matplotlibrc.
    Raises ValueError for candles that make no chart (see `build_figure`), OSError for a file that cannot be.
    """
    picture = io.BytesIO()
    with look.chart_settings():
        build_figure(candles, facts).savefig(picture, format="png", metadata=png_texts(facts))
    files.write(path, picture.getvalue())


def build_figure(candles: Sequence[Candle], facts: ChartFacts) -> Figure:
    """Draw the chart on a Figure of its own, unknown to pyplot, with the axes `price` and `volume`.

    The x axis has matplotlib's dates, the candle of a UTC day at its date. Raises ValueError for no candles,
    two of one day, one outside the window, one of another coin or currency, and one that is no candle.
    """
    ordered = sorted(candles, key=lambda candle: candle.date)
    _refuse_what_makes_no_chart(ordered, facts)
    with look.chart_settings():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(look.WIDTH / look.DPI, look.HEIGHT / look.DPI), dpi=look.DPI, facecolor=look.PAPER)
        FigureCanvasAgg(figure)  # can measure texts, and needs no display
        draw_page(figure, ordered, facts)
    return figure


def png_texts(facts: ChartFacts) -> dict[str, str]:
    """What the PNG says of itself, under the PNG standard's own keywords; no time of drawing, no versions."""
    texts = {
        "Title": words.title_text(facts),
        "Description": words.subtitle_text(facts),
        "Source": words.source_text(facts),
        "Software": "btc_pipeline",
    }
    return texts | {"Warning": words.SAMPLE_WARNING} if facts.is_sample else texts


def _refuse_what_makes_no_chart(candles: Sequence[Candle], facts: ChartFacts) -> None:
    chart = f"coin_id={facts.coin_id} vs_currency={facts.vs_currency} days={facts.first_day}..{facts.last_day}"
    if not candles:
        raise ValueError(f"no candles to draw: {chart}")
    days_seen = set()
    for candle in candles:
        if (candle.coin_id, candle.vs_currency) != (facts.coin_id, facts.vs_currency):
            raise ValueError(f"candle of another chart: {candle} {chart}")
        if not facts.first_day <= candle.date <= facts.last_day:
            raise ValueError(f"candle outside the chart's days: {candle} {chart}")
        if candle.date in days_seen:
            raise ValueError(f"two candles of one day: {candle} {chart}")
        body_bottom, body_top = sorted((candle.open, candle.close))
        if not 0 < candle.low <= body_bottom <= body_top <= candle.high < math.inf:
            raise ValueError(f"not a candle: {candle} {chart}")
        days_seen.add(candle.date)
