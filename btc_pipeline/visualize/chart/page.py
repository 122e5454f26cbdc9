"""The page of the chart: title, last price and changes above the panels, source and coverage below them.

Places texts on a page that it is given. Must not open files, nor import matplotlib before it draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from btc_pipeline.market import formatting as words
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import ChartFacts
from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.candles import legend_entries
from btc_pipeline.visualize.chart.layout import LEFT, RIGHT, Page, fit, width
from btc_pipeline.visualize.chart.panels import draw_panels, draw_watermark

PageStyle = dict[str, Any]
"""Keyword arguments of a matplotlib Text."""


def draw_page(page: Page, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """Draw everything. `candles` are in order of their days, at least one."""
    averages = _draw_body(page, candles, facts)
    page.legend([*legend_entries(page.palette, candles), *averages], look.LEGEND_Y)
    _draw_title(page, candles[-1], facts)
    _draw_changes(page, candles, facts)
    _draw_footer(page, candles, facts)


def _draw_body(page: Page, candles: Sequence[Candle], facts: ChartFacts) -> list[Any]:
    """The panels; at the right they leave the room that the widest price takes. Returns the lines of averages."""
    price = page.figure.add_axes((0, 0, 1, 1), label="price", facecolor="none")
    volume = page.figure.add_axes((0, 0, 1, 1), label="volume", facecolor="none", sharex=price)
    averages = draw_panels(price, volume, page.palette, candles, facts)
    if facts.is_sample:
        draw_watermark(price, page.palette, look.WATERMARK_SIZE)
    prices = [*price.get_yticklabels(), *(text for text in price.texts if text.get_gid() == "last-price-tag")]
    right = RIGHT - look.TAG_GAP - max(width(text) for text in prices)
    page.place(price, LEFT, right, look.PRICE_TOP, look.PRICE_BOTTOM)
    page.place(volume, LEFT, right, look.VOLUME_TOP, look.VOLUME_BOTTOM)
    page.write(right + look.TAG_GAP, look.VOLUME_BOTTOM + look.DAY_GAP, "UTC", va="top", color=page.palette.muted)
    return averages


def _draw_title(page: Page, last: Candle, facts: ChartFacts) -> None:
    """Coin, currency and SAMPLE at the left, the last price at the right; a long name gives way."""
    big: PageStyle = {"fontsize": look.TITLE_SIZE, "fontweight": "bold"}
    currency = facts.vs_currency.upper()
    last_text = f"{words.single_price_text(last.close)} {currency}"
    price = page.write(RIGHT, look.TITLE_Y, last_text, ha="right", gid="last-price-text", **big)
    room = RIGHT - LEFT - width(price) - look.TITLE_GAP
    title = page.write(LEFT, look.TITLE_Y, words.title_text(facts), gid="title", **big)
    if facts.is_sample:
        badge = page.badge(0, look.TITLE_Y - 6, "SAMPLE")
        fit(title, room - width(badge) - look.TITLE_GAP, end=f" / {currency}")
        badge.set_x(page.at(LEFT + width(title) + look.TITLE_GAP, 0)[0])
    else:
        fit(title, room, end=f" / {currency}")


def _draw_changes(page: Page, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """Left: the window. Right: when the last price was and how it changed; below, the highest and the lowest."""
    palette = page.palette
    page.write(LEFT, look.SUBTITLE_Y, words.subtitle_text(facts), color=palette.muted, gid="subtitle")
    last_price = f"Last price {words.instant_text(candles[-1].last_point_at)}"
    right = float(RIGHT)
    for text, change in reversed([(last_price, 0.0), *words.change_texts(candles)]):
        colour = palette.of_change(change)
        written = page.write(right, look.SUBTITLE_Y, text, ha="right", color=colour, gid="change")
        right -= width(written) + look.CHANGE_GAP
    small: PageStyle = {"fontsize": look.SMALL_SIZE, "color": palette.muted, "ha": "right", "gid": "extremes"}
    page.write(RIGHT, look.EXTREMES_Y, words.extremes_text(candles), **small)


def _draw_footer(page: Page, candles: Sequence[Candle], facts: ChartFacts) -> None:
    """Below a rule: where the data comes from, how old and how fresh it is, and what is missing."""
    page.rule(look.RULE_Y)
    small: PageStyle = {"fontsize": look.SMALL_SIZE, "color": page.palette.alert}
    text = words.footer_text(facts, [candles[-1].last_point_at])
    source = page.write(LEFT, look.SOURCE_Y, text, gid="source", **small)
    fit(source, RIGHT - LEFT)
    if not facts.is_sample:
        source.set_color(page.palette.muted)
    coverage = words.coverage_text(candles, facts.days)
    if coverage:
        page.write(LEFT, look.COVERAGE_Y, coverage, gid="coverage", **small)
