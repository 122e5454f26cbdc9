"""The two panels of the chart: prices above, the rolling 24 h volume below, over one axis of whole UTC days.

Draws on axes that it is given. Must not write outside of them, nor import matplotlib before it draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from btc_pipeline import chart_style as look
from btc_pipeline import chart_text as words
from btc_pipeline.candle import Candle
from btc_pipeline.chart_candles import Panels, draw_candles_and_volumes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation


def draw_panels(price_axes: Axes, volume_axes: Axes, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """Draw `candles`, in order of their days, on axes that cover all `days`; days without one are gaps."""
    panels = Panels(price_axes, volume_axes, _price_limits(candles), _volume_limits(candles))
    draw_candles_and_volumes(panels, candles, days)
    _draw_day_axis(panels, candles, days)
    _draw_price_axis(price_axes, candles[-1])
    _draw_volume_axis(volume_axes, candles)
    _mark_unsettled(price_axes, candles)
    _mark_gaps(panels, candles, days)


def draw_watermark(price_axes: Axes) -> None:
    """SAMPLE across the price panel, above the candles and seen through, so that no crop loses it."""
    price_axes.text(
        0.5,
        0.5,
        "SAMPLE",
        transform=price_axes.transAxes,
        ha="center",
        va="center",
        rotation=14,
        fontsize=look.WATERMARK_SIZE,
        fontweight="bold",
        color=look.INK,
        alpha=0.07,
        zorder=5,
        gid="watermark",
    )


def _price_limits(candles: Sequence[Candle]) -> tuple[float, float]:
    """Room above for a word at a candle, less below, and some around prices that never moved."""
    lowest, highest = min(candle.low for candle in candles), max(candle.high for candle in candles)
    spread = max(highest - lowest, 1e-3 * highest)
    middle = (lowest + highest) / 2
    return middle - 0.58 * spread, middle + 0.62 * spread


def _volume_limits(candles: Sequence[Candle]) -> tuple[float, float]:
    """From zero, as bars must."""
    return 0.0, 1.12 * max(candle.volume_24h or 0.0 for candle in candles) or 1.0


def _draw_day_axis(panels: Panels, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """A label for each day, or for each so many days back from the last; pale where the day has no candle."""
    beside = max(0.5, len(days) / 28, (look.FEWEST_SLOTS - len(days)) / 2 + 0.5)
    every = math.ceil(len(days) / look.MOST_DAY_LABELS)
    labelled = days[::-1][::every]
    panels.volume.set_xticks([_at(day) for day in labelled], [words.day_text(day) for day in labelled])
    with_candle = {candle.date for candle in candles}
    for label, day in zip(panels.volume.get_xticklabels(), labelled, strict=True):
        label.set_color(look.INK if day in with_candle else look.FAINT)
    for axes in (panels.price, panels.volume):
        axes.set_xlim(_at(days[0]) - beside, _at(days[-1]) + beside)
        axes.tick_params(axis="x", length=0, pad=look.points(look.DAY_GAP), labelsize=look.TEXT_SIZE)
    panels.price.tick_params(axis="x", labelbottom=False)


def _draw_price_axis(axes: Axes, last: Candle) -> None:
    """Round prices on the right, and the last price as a line with a tag, which hides a label in its way."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim()
    places = MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = [float(place) for place in places if max(low, 0.0) <= place <= high]
    exponent = words.price_exponent(ticks[-1])
    texts = [words.price_text(tick, ticks[1] - ticks[0], exponent) for tick in ticks]
    touched = 0.05 * (high - low)
    axes.set_yticks(
        ticks,
        ["" if abs(tick - last.close) < touched else text for tick, text in zip(ticks, texts, strict=True)],
    )
    _dress_value_axis(axes)

    colour = look.change_colour(last.close - last.open)
    axes.axhline(last.close, color=colour, linewidth=1.0, linestyle=look.DOTS, zorder=0.9, gid="last-price")
    axes.annotate(
        words.single_price_text(last.close),
        xy=(1, last.close),
        xycoords=axes.get_yaxis_transform(),
        xytext=(look.points(look.TAG_GAP), 0),
        textcoords="offset points",
        va="center",
        fontsize=look.TEXT_SIZE,
        fontweight="bold",
        color=look.PAPER,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "none"},
        gid="last-price-tag",
    )


def _draw_volume_axis(axes: Axes, candles: Sequence[Candle]) -> None:
    """Round volumes on the right, and above the panel what they are; a candle without a volume says so."""
    from matplotlib.ticker import MaxNLocator

    currency = candles[0].vs_currency.upper()
    axes.set_title(f"Rolling 24 h volume in {currency}, last value of each day", loc="left", pad=8)
    top = axes.get_ylim()[1]
    places = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(0.0, top)
    is_known = any(candle.volume_24h is not None for candle in candles)
    ticks = [float(place) for place in places if is_known and place <= top]
    axes.set_yticks(ticks, [words.volume_text(tick, ticks[-1]) for tick in ticks])
    _dress_value_axis(axes)
    for candle in candles:
        if candle.volume_24h is None:
            _note(axes, candle.date, 0.0, "no volume")


def _dress_value_axis(axes: Axes) -> None:
    axes.set_ylabel("")
    axes.yaxis.tick_right()
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0, pad=look.points(look.TAG_GAP), labelsize=look.TEXT_SIZE, labelcolor=look.MUTED)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")


def _mark_unsettled(axes: Axes, candles: Sequence[Candle]) -> None:
    """The words `open` and `provisional` above such candles."""
    for candle in candles:
        if candle.status != "final":
            mark = _note(axes, candle.date, candle.high, candle.status)
            mark.set(fontweight="bold", gid="status-mark")
            mark.set_color(look.change_colour(candle.close - candle.open))


def _mark_gaps(panels: Panels, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """A quiet band where a day has no candle, and the words `no data`."""
    with_candle = {candle.date for candle in candles}
    for day in days:
        if day not in with_candle:
            for axes in (panels.price, panels.volume):
                axes.axvspan(_at(day) - 0.5, _at(day) + 0.5, color=look.GAP, linewidth=0, zorder=0.1, gid="gap")
            note = _note(panels.price, day, panels.price_limits[0], "no data")
            note.set_backgroundcolor(look.GAP)


def _note(axes: Axes, day: date, value: float, text: str) -> Annotation:
    """A small text standing on a value of a day; upright where there are many days."""
    first, last = axes.get_xlim()
    return axes.annotate(
        text,
        xy=(_at(day), value),
        xytext=(0, look.points(look.NOTE_GAP)),
        textcoords="offset points",
        ha="center",
        va="bottom",
        rotation=90 if last - first > look.MOST_DAY_LABELS + 2 else 0,
        fontsize=look.SMALL_SIZE,
        color=look.FAINT,
        bbox={
            "boxstyle": "square,pad=0.2",
            "facecolor": look.PAPER,
            "edgecolor": "none",
        },  # no line strikes it
    )


def _at(day: date) -> float:
    """Where matplotlib's date axis has the day, and mplfinance its candle."""
    from matplotlib.dates import date2num

    return float(date2num(day))
