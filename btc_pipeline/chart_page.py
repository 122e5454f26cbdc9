"""The page of the chart: title, last price and changes above the panels, source and coverage below them.

Places texts on a figure that it is given. Must not open files, nor import matplotlib before it draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from btc_pipeline import chart_style as look
from btc_pipeline import chart_text as words
from btc_pipeline.candle import Candle
from btc_pipeline.chart_candles import legend_entries
from btc_pipeline.chart_panels import draw_panels, draw_watermark
from btc_pipeline.chart_text import ChartFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Style = dict[str, Any]
"""Keyword arguments of a matplotlib Text."""

_LEFT, _RIGHT = look.MARGIN, look.WIDTH - look.MARGIN


def draw_page(figure: Figure, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """Draw everything. `candles` are in order of their days, at least one."""
    _draw_body(figure, candles, facts)
    _draw_legend_line(figure, candles)
    _draw_title(figure, candles[-1], facts)
    _draw_changes(figure, candles, facts)
    _draw_footer(figure, candles, facts)


def _draw_body(figure: Figure, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """The panels; at the right they leave the room that the widest price takes."""
    price = figure.add_axes((0, 0, 1, 1), label="price", facecolor="none")
    volume = figure.add_axes((0, 0, 1, 1), label="volume", facecolor="none", sharex=price)
    draw_panels(price, volume, candles, facts.days)
    if facts.is_sample:
        draw_watermark(price)
    prices = [*price.get_yticklabels(), *(text for text in price.texts if text.get_gid() == "last-price-tag")]
    right = _RIGHT - look.TAG_GAP - max(_width(text) for text in prices)
    _place(price, right, look.PRICE_TOP, look.PRICE_BOTTOM)
    _place(volume, right, look.VOLUME_TOP, look.VOLUME_BOTTOM)
    _write(figure, right + look.TAG_GAP, look.VOLUME_BOTTOM + look.DAY_GAP, "UTC", va="top", color=look.MUTED)


def _draw_legend_line(figure: Figure, candles: Sequence[Candle]) -> None:
    """Above the panels: at the left what a candle's look means, at the right the highest and lowest price."""
    small: Style = {"fontsize": look.SMALL_SIZE, "color": look.MUTED, "va": "center"}
    _write(figure, _RIGHT, look.LEGEND_Y, words.extremes_text(candles), ha="right", gid="extremes", **small)
    figure.legend(
        handles=legend_entries(candles),
        loc="center left",
        bbox_to_anchor=_at(_LEFT, look.LEGEND_Y),
        ncols=5,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.5,
        handleheight=1.0,
        columnspacing=2.0,
        fontsize=look.SMALL_SIZE,
        labelcolor=look.MUTED,
    )


def _draw_title(figure: Figure, last: Candle, facts: ChartFacts) -> None:
    """Coin, currency and SAMPLE at the left, the last price at the right; a long name gives way."""
    big: Style = {"fontsize": look.TITLE_SIZE, "fontweight": "bold"}
    currency = facts.vs_currency.upper()
    last_text = f"{words.single_price_text(last.close)} {currency}"
    price = _write(figure, _RIGHT, look.TITLE_Y, last_text, ha="right", gid="last-price-text", **big)
    room = _RIGHT - _LEFT - _width(price) - look.TITLE_GAP
    title = _write(figure, _LEFT, look.TITLE_Y, words.title_text(facts), gid="title", **big)
    if facts.is_sample:
        badge = _write(figure, 0, look.TITLE_Y - 6, "SAMPLE", color=look.PAPER, fontweight="bold", gid="badge")
        badge.set_bbox({"boxstyle": "round,pad=0.4", "facecolor": look.ALERT, "edgecolor": "none"})
        _fit(title, room - _width(badge) - look.TITLE_GAP, end=f" / {currency}")
        badge.set_x(_at(_LEFT + _width(title) + look.TITLE_GAP, 0)[0])
    else:
        _fit(title, room, end=f" / {currency}")


def _draw_changes(figure: Figure, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """The second line: at the left the window, at the right when the last price was, and how it changed."""
    _write(figure, _LEFT, look.SUBTITLE_Y, words.subtitle_text(facts), color=look.MUTED, gid="subtitle")
    last_price = f"Last price {words.instant_text(candles[-1].last_point_at)}"
    right = float(_RIGHT)
    for text, change in reversed([(last_price, 0.0), *words.change_texts(candles)]):
        colour = look.change_colour(change)
        written = _write(figure, right, look.SUBTITLE_Y, text, ha="right", color=colour, gid="change")
        right -= _width(written) + look.CHANGE_GAP


def _draw_footer(figure: Figure, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """Below a rule: where the data comes from and of when it is, and what is missing."""
    from matplotlib.lines import Line2D

    (x0, y0), (x1, y1) = _at(_LEFT, look.RULE_Y), _at(_RIGHT, look.RULE_Y)
    figure.add_artist(Line2D((x0, x1), (y0, y1), color=look.GRID, linewidth=1.0))
    small: Style = {"fontsize": look.SMALL_SIZE, "color": look.ALERT}
    source = _write(figure, _LEFT, look.SOURCE_Y, words.source_text(facts), gid="source", **small)
    _fit(source, _RIGHT - _LEFT)
    if not facts.is_sample:
        source.set_color(look.MUTED)
    coverage = words.coverage_text(candles, facts.days)
    if coverage:
        _write(figure, _LEFT, look.COVERAGE_Y, coverage, gid="coverage", **small)


def _at(x: float, y: float) -> tuple[float, float]:
    """Pixels from the top left corner, as fractions from the bottom left one."""
    return x / look.WIDTH, 1 - y / look.HEIGHT


def _place(axes: Axes, right: float, top: float, bottom: float) -> None:
    (x0, y0), (x1, y1) = _at(_LEFT, bottom), _at(right, top)
    axes.set_position((x0, y0, x1 - x0, y1 - y0))


def _write(figure: Figure, x: float, y: float, text: str, **style: Any) -> Text:
    return figure.text(*_at(x, y), text, **style)


def _width(text: Text) -> float:
    """In pixels."""
    return text.get_window_extent().width


def _fit(text: Text, room: float, end: str = "") -> None:
    """Make a text smaller, then shorter (its `end` stays), until it takes at most `room` pixels."""
    size = float(text.get_fontsize())
    text.set_fontsize(max(min(size, size * room / _width(text)), min(size, look.SMALLEST_TITLE_SIZE)))
    shortened = text.get_text().removesuffix(end)
    while _width(text) > room and shortened:
        shortened = shortened[:-1]
        text.set_text(f"{shortened.rstrip()}…{end}")
