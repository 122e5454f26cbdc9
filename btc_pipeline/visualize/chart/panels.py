"""The two panels of the chart: prices and their averages above, the rolling 24 h volume below, over whole UTC days.

Draws on axes that it is given. Must not write outside of them, nor import matplotlib before it draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from btc_pipeline.market import formatting as words
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import ChartFacts
from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.candles import Panels, draw_candles_and_volumes
from btc_pipeline.visualize.chart.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation


def draw_panels(
    price: Axes, volume: Axes, palette: Palette, candles: Sequence[Candle], facts: ChartFacts
) -> list[Line2D]:
    """Draw `candles`, in order of their days, on axes that cover all days; days without one are gaps.

    Returns a labelled line for the legend for each moving average that can be seen.
    """
    limits = price_limits(candles, [value for values in facts.averages.values() for value in values])
    panels = Panels(palette, price, limits, volume, _volume_limits(candles))
    draw_candles_and_volumes(panels, candles, facts.days)
    averages = _draw_averages(panels, facts)
    _draw_day_axis(panels, volume, candles, facts.days)
    _draw_price_axis(panels, candles[-1])
    _draw_volume_axis(panels, volume, candles)
    _mark_unsettled(panels, candles)
    mark_gaps(panels, candles, facts.days)
    for day in set(facts.days) - {candle.date for candle in candles}:
        _note(panels, price, day, panels.price_limits[0], "no data").set_backgroundcolor(palette.gap)
    return averages


def draw_watermark(price_axes: Axes, palette: Palette, size: float) -> None:
    """SAMPLE across the price panel, so that no crop loses it; behind the candles, whose colours it would change."""
    price_axes.text(
        0.5,
        0.5,
        "SAMPLE",
        transform=price_axes.transAxes,
        ha="center",
        va="center",
        rotation=14,
        fontsize=size,
        fontweight="bold",
        color=palette.ink,
        alpha=0.07,
        zorder=0.6,
        gid="watermark",
    )


def price_limits(candles: Sequence[Candle], averages: Sequence[float | None] = ()) -> tuple[float, float]:
    """Room above for a word at a candle, less below, and some around prices that never moved.

    Moving averages get room as well, but no more than a share of the candles' own: a far one is cut off.
    """
    lowest, highest = min(candle.low for candle in candles), max(candle.high for candle in candles)
    share = look.MOST_SQUEEZE * (highest - lowest)
    known = [value for value in averages if value is not None]
    near = [min(max(value, lowest - share), highest + share) for value in known]
    lowest, highest = min([lowest, *near]), max([highest, *near])
    spread = max(highest - lowest, 1e-3 * highest)
    middle = (lowest + highest) / 2
    return middle - 0.58 * spread, middle + 0.62 * spread


def _volume_limits(candles: Sequence[Candle]) -> tuple[float, float]:
    """From zero, as bars must."""
    return 0.0, 1.12 * max(candle.volume_24h or 0.0 for candle in candles) or 1.0


def _draw_averages(panels: Panels, facts: ChartFacts) -> list[Line2D]:
    """A line for each moving average that has a value within the limits; a value that stands alone is a dot."""
    from matplotlib.lines import Line2D

    low, high = panels.price_limits
    drawn = []
    looks = zip(panels.palette.averages, look.AVERAGE_DASHES, strict=True)
    for (period, values), (colour, dashes) in zip(facts.averages.items(), looks, strict=False):
        if not any(value is not None and low < value < high for value in values):
            continue
        beside = [None, *values, None]
        alone = [n for n, value in enumerate(values) if value is not None and beside[n] is None is beside[n + 2]]
        panels.price.plot(
            [_at(day) for day in facts.days],
            [math.nan if value is None else value for value in values],
            color=colour,
            linestyle=dashes,
            linewidth=look.AVERAGE_WIDTH,
            marker="o",
            markersize=4,
            markevery=alone,
            gid=f"average-{period}",
        )
        sample: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": look.AVERAGE_WIDTH}
        drawn.append(Line2D([], [], label=f"SMA {period}", **sample))
    return drawn


def limit_days(axes: Axes, days: Sequence[date]) -> None:
    """The axis from the first day to the last, both whole, with some room beside them."""
    beside = max(0.5, len(days) / 28, (look.FEWEST_SLOTS - len(days)) / 2 + 0.5)
    axes.set_xlim(_at(days[0]) - beside, _at(days[-1]) + beside)


def _draw_day_axis(panels: Panels, volume: Axes, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """A label for each day, or for each so many days back from the last; pale if the day has no candle."""
    every = math.ceil(len(days) / look.MOST_DAY_LABELS)
    labelled = days[::-1][::every]
    volume.set_xticks([_at(day) for day in labelled], [words.day_text(day) for day in labelled])
    with_candle = {candle.date for candle in candles}
    for label, day in zip(volume.get_xticklabels(), labelled, strict=True):
        label.set_color(panels.palette.ink if day in with_candle else panels.palette.faint)
    for axes in (panels.price, volume):
        limit_days(axes, days)
        axes.tick_params(axis="x", length=0, pad=look.points(look.DAY_GAP), labelsize=look.TEXT_SIZE)
    panels.price.tick_params(axis="x", labelbottom=False)


def _draw_price_axis(panels: Panels, last: Candle) -> None:
    """Round prices on the right, and the last price as a line with a tag, which hides a label in its way."""
    from matplotlib.ticker import MaxNLocator

    axes, (low, high) = panels.price, panels.price_limits
    places = MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = [float(place) for place in places if max(low, 0.0) <= place <= high]
    exponent = words.price_exponent(ticks[-1])
    texts = [words.price_text(tick, ticks[1] - ticks[0], exponent) for tick in ticks]
    touched = 0.05 * (high - low)
    axes.set_yticks(
        ticks,
        ["" if abs(tick - last.close) < touched else text for tick, text in zip(ticks, texts, strict=True)],
    )
    _dress_value_axis(axes, panels.palette)

    colour = panels.palette.of_change(last.close - last.open)
    mark_last_price(panels, last, colour)
    axes.annotate(
        words.single_price_text(last.close),
        xy=(1, last.close),
        xycoords=axes.get_yaxis_transform(),
        xytext=(look.points(look.TAG_GAP), 0),
        textcoords="offset points",
        va="center",
        fontsize=look.TEXT_SIZE,
        fontweight="bold",
        color=panels.palette.paper,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "none"},
        gid="last-price-tag",
    )


def mark_last_price(panels: Panels, last: Candle, colour: str) -> None:
    """A dotted line behind the candles."""
    panels.price.axhline(last.close, color=colour, linewidth=1.0, linestyle=look.DOTS, zorder=0.9, gid="last-price")


def _draw_volume_axis(panels: Panels, axes: Axes, candles: Sequence[Candle]) -> None:
    """Round volumes on the right, and above the panel what they are; a candle without a volume says so."""
    from matplotlib.ticker import MaxNLocator

    currency = candles[0].vs_currency.upper()
    axes.set_title(f"Rolling 24 h volume in {currency}, last value of each day", loc="left", pad=8)
    top = axes.get_ylim()[1]
    places = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(0.0, top)
    is_known = any(candle.volume_24h is not None for candle in candles)
    ticks = [float(place) for place in places if is_known and place <= top]
    axes.set_yticks(ticks, [words.volume_text(tick, ticks[-1]) for tick in ticks])
    _dress_value_axis(axes, panels.palette)
    for candle in candles:
        if candle.volume_24h is None:
            _note(panels, axes, candle.date, 0.0, "no volume")


def _dress_value_axis(axes: Axes, palette: Palette) -> None:
    axes.set_ylabel("")
    axes.yaxis.tick_right()
    axes.grid(axis="y")
    axes.tick_params(
        axis="y", length=0, pad=look.points(look.TAG_GAP), labelsize=look.TEXT_SIZE, labelcolor=palette.muted
    )
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")


def _mark_unsettled(panels: Panels, candles: Sequence[Candle]) -> None:
    """The words `open` and `provisional` above such candles."""
    for candle in candles:
        if candle.status != "final":
            mark = _note(panels, panels.price, candle.date, candle.high, candle.status)
            mark.set(fontweight="bold", gid="status-mark")
            mark.set_color(panels.palette.of_change(candle.close - candle.open))


def mark_gaps(panels: Panels, candles: Sequence[Candle], days: Sequence[date]) -> None:
    """A quiet band on each day without a candle."""
    with_candle = {candle.date for candle in candles}
    colour = panels.palette.gap
    for day in days:
        if day not in with_candle:
            for axes in filter(None, (panels.price, panels.volume)):
                axes.axvspan(_at(day) - 0.5, _at(day) + 0.5, color=colour, linewidth=0, zorder=0.1, gid="gap")


def _note(panels: Panels, axes: Axes, day: date, value: float, text: str) -> Annotation:
    """A small text standing on a value of a day; upright if there are many days."""
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
        color=panels.palette.faint,
        bbox={
            "boxstyle": "square,pad=0.2",
            "facecolor": panels.palette.paper,
            "edgecolor": "none",
        },  # no line strikes it
    )


def _at(day: date) -> float:
    """Where matplotlib's date axis has the day, and mplfinance its candle."""
    from matplotlib.dates import date2num

    return float(date2num(day))
