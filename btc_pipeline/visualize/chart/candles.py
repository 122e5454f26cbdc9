"""The candles and volumes, drawn by mplfinance: colour shows the direction, outline and filling show the status.

Draws on axes that it is given. Must not place texts, nor import mplfinance or pandas before it draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from btc_pipeline.market.candle import Candle, CandleStatus
from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch
    from pandas import DataFrame

_STATUSES: tuple[CandleStatus, ...] = ("final", "provisional", "open")
_LEGEND = {"provisional": "provisional: may still change", "open": "open: day not over"}


@dataclass(frozen=True)
class Panels:
    """The axes of a chart, the values at their bottom and top, and how candles look on them."""

    palette: Palette
    price: Axes
    price_limits: tuple[float, float]
    volume: Axes | None = None
    volume_limits: tuple[float, float] = (0.0, 1.0)
    candle_width: float = look.CANDLE_WIDTH
    """In days."""
    line_width: float = look.LINE_WIDTH


def draw_candles_and_volumes(panels: Panels, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """Draw each candle at its day, and set the limits. Artists have the gids `<status>-bodies`, `-wicks`.

    One call of mplfinance for each status: dashes and hatching belong to a whole collection. On axes of
    our own ("external axes mode") it opens no pyplot figure and leaves matplotlib's settings alone. It gets
    the limits because, if all volumes are missing, it would compute theirs from NaN, with a warning.
    """
    import mplfinance as mpf

    palette = panels.palette
    for status in _STATUSES:
        of_status = [candle for candle in candles if candle.status == status]
        if not of_status:
            continue
        frame = _frame(of_status, days)
        flat = _market_colours(palette, palette.flat, palette.flat, status)
        mpf.plot(
            frame,
            type="candle",
            ax=panels.price,
            volume=panels.volume if panels.volume is not None else False,
            ylim=panels.price_limits,
            style=mpf.make_mpf_style(marketcolors=_market_colours(palette, palette.up, palette.down, status)),
            marketcolor_overrides=[flat if row.Open == row.Close else None for row in frame.itertuples()],
            show_nontrading=True,  # dates on the axis, so that a missing day takes its room
            update_width_config={
                "candle_width": panels.candle_width,
                "candle_linewidth": panels.line_width,
                "volume_width": panels.candle_width,
                "volume_linewidth": 0.0,
            },
            xrotation=0,
            **({"volume_ylim": panels.volume_limits} if panels.volume is not None else {}),
        )
        wicks, bodies = panels.price.collections[-2:]
        wicks.set_gid(f"{status}-wicks")
        bodies.set_gid(f"{status}-bodies")
        _dress(bodies, status, panels.line_width)


def legend_entries(palette: Palette, candles: Sequence[Candle]) -> list[Patch]:
    """One labelled patch for each look that a candle has in this chart, up and down always."""
    from matplotlib.patches import Patch

    entries = [Patch(facecolor=palette.up, label="up"), Patch(facecolor=palette.down, label="down")]
    if any(candle.open == candle.close for candle in candles):
        entries.append(Patch(facecolor=palette.flat, label="unchanged"))
    for status, label in _LEGEND.items():
        if any(candle.status == status for candle in candles):
            entries.append(Patch(facecolor=palette.paper, edgecolor=palette.muted, label=label))
            _dress(entries[-1], status, look.LINE_WIDTH)
    return entries


def _frame(candles: Sequence[Candle], days: Sequence[date]) -> DataFrame:
    """What mplfinance takes: a row per day of the axis, NaN if there is no candle; dates have no zone."""
    import pandas as pd

    rows = {candle.date: (candle.open, candle.high, candle.low, candle.close, candle.volume_24h) for candle in candles}
    return pd.DataFrame(
        [rows.get(day, (None,) * 5) for day in days],
        index=pd.DatetimeIndex(list(days)),
        columns=["Open", "High", "Low", "Close", "Volume"],
        dtype=float,
    )


def _market_colours(palette: Palette, up: str, down: str, status: CandleStatus) -> dict[str, Any]:
    """Final candles are filled, others are not. Volumes are neutral: 24 rolling hours belong to no one day."""
    import mplfinance as mpf

    outline = {"up": up, "down": down}
    face = outline if status == "final" else {"up": palette.paper, "down": palette.paper}
    colours: dict[str, Any] = mpf.make_marketcolors(
        **face, edge=outline, wick=outline, volume=palette.volume, alpha=1.0
    )
    return colours


def _dress(artist: Any, status: str, line_width: float) -> None:
    """Outline and filling, of candles or of a patch of the legend, that show the status without colour."""
    artist.set_linewidth(line_width)
    if status == "open":
        artist.set_hatch(look.HATCH)
    elif status == "provisional":
        artist.set_linestyle(look.DASHES)
