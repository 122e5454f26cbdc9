"""Draws the candles of many coins on one page: a small chart for each, on a price scale of its own.

Must not read a database, a setting or the clock, nor import matplotlib, pandas or mplfinance before it draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from btc_pipeline.market import formatting as words
from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import ChartFacts
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.visualize.chart import checks, file
from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.candles import Panels, draw_candles_and_volumes, legend_entries
from btc_pipeline.visualize.chart.layout import LEFT, RIGHT, Page, fit, width
from btc_pipeline.visualize.chart.palette import PALETTES
from btc_pipeline.visualize.chart.panels import draw_watermark, limit_days, mark_gaps, mark_last_price, price_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CoinChart = tuple[ChartFacts, Sequence[Candle]]
"""What a small chart shows. All of a page have the same days and source; candles may be missing, all of them too."""


@dataclass(frozen=True)
class Cell:
    """The place of a small chart on the page, in pixels, and its size of text, in points."""

    left: float
    top: float
    width: float
    height: float

    @property
    def text_size(self) -> float:
        """Larger in a larger cell."""
        return min(look.LARGEST_CELL_TEXT, look.SMALLEST_CELL_TEXT + max(0.0, self.width - 170) / 50)

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return 1.6 * self.text_size * look.DPI / 72

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


def draw_overview(charts: Sequence[CoinChart], path: Path, chosen: ChartSettings) -> list[Path]:
    """Draw the page into the PNG at `path`, and the other formats beside it; returns the files written.

    Raises ValueError for candles that make no chart, OSError for a file that cannot be.
    """
    first = charts[0][0]
    about = {
        "Title": words.overview_title(charts_of(charts)),
        "Description": words.subtitle_text(first),
        "Source": words.source_text(first),
    }
    about |= {"Warning": words.SAMPLE_WARNING} if first.is_sample else {}
    with look.drawing(PALETTES[chosen.style]):
        return file.write(build_overview(charts, chosen.style), about, path, chosen)


def build_overview(charts: Sequence[CoinChart], style: str = "light") -> Figure:
    """Draw the page on a Figure of its own, with axes named `coin/currency` for each chart, in rows.

    Raises ValueError for candles that make no chart; no candles at all make an empty one.
    """
    ordered = [(facts, checks.in_order(candles, facts)) for facts, candles in charts]
    cells, height = cells_of(len(ordered))
    palette = PALETTES[style]
    with look.drawing(palette):
        page = Page(look.figure(height, palette), palette, height)
        _draw_header(page, ordered)
        is_one_currency = len({facts.vs_currency for facts, _ in ordered}) == 1  # then the title says which
        for cell, (facts, candles) in zip(cells, ordered, strict=True):
            _draw_name(page, cell, facts, has_currency=not is_one_currency)
            _draw_cell(page, cell, facts, candles)
        _draw_footer(page, ordered)
    return page.figure


def charts_of(charts: Sequence[CoinChart]) -> list[ChartFacts]:
    """The facts of each chart."""
    return [facts for facts, _ in charts]


def cells_of(number: int) -> tuple[list[Cell], int]:
    """A place for each chart, in rows of at most `look.MOST_COLUMNS`, and the height of the page."""
    columns = min(math.ceil(math.sqrt(number)), look.MOST_COLUMNS)
    gap = look.CELL_GAP
    width = (RIGHT - LEFT + gap) / columns - gap
    height = max(look.LEAST_CELL_HEIGHT, look.CELL_HEIGHT_SHARE * width)
    cells = [
        Cell(LEFT + column * (width + gap), look.CELLS_TOP + row * (height + look.ROW_GAP), width, height)
        for row, column in (divmod(index, columns) for index in range(number))
    ]
    return cells, round(cells[-1].bottom + look.FOOTER_HEIGHT)


def _draw_header(page: Page, charts: Sequence[CoinChart]) -> None:
    facts = charts[0][0]
    bold: dict[str, Any] = {"fontsize": look.TITLE_SIZE, "fontweight": "bold"}
    title = page.write(LEFT, look.TITLE_Y, words.overview_title(charts_of(charts)), gid="title", **bold)
    if facts.is_sample:
        page.badge(LEFT + width(title) + look.TITLE_GAP, look.TITLE_Y - 6, "SAMPLE")
    subtitle = f"{words.subtitle_text(facts)}, each on its own scale; change since the first day's open"
    page.write(LEFT, look.SUBTITLE_Y, subtitle, color=page.palette.muted, gid="subtitle")
    page.legend(_legend(page, charts), look.OVERVIEW_LEGEND_Y)


def _legend(page: Page, charts: Sequence[CoinChart]) -> list[Any]:
    from matplotlib.patches import Patch

    entries = legend_entries(page.palette, [candle for _, candles in charts for candle in candles])
    if any(len(candles) < len(facts.days) for facts, candles in charts):
        entries.append(Patch(facecolor=page.palette.gap, edgecolor=page.palette.grid, label="no data"))
    return entries


def _draw_name(page: Page, cell: Cell, facts: ChartFacts, *, has_currency: bool) -> None:
    text = words.title_text(facts) if has_currency else words.coin_name(facts.coin_id)
    name = page.write(cell.left, cell.top, text, va="top", fontsize=cell.text_size, fontweight="bold")
    name.set_gid("cell-name")
    fit(name, cell.width, end=f" / {facts.vs_currency.upper()}" if has_currency else "", smallest=cell.text_size)


def _draw_cell(page: Page, cell: Cell, facts: ChartFacts, candles: Sequence[Candle]) -> None:
    """Last price and change above the candles; only `no data` if there are none."""
    palette, size = page.palette, cell.text_size
    axes = page.figure.add_axes((0, 0, 1, 1), label=f"{facts.coin_id}/{facts.vs_currency}", facecolor="none")
    page.place(axes, cell.left, cell.right, cell.top + 2 * cell.line, cell.bottom)
    axes.set_axis_off()
    if not candles:
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[], facecolor=palette.gap)
        axes.spines[:].set_visible(False)
        middle: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        axes.text(0.5, 0.5, "no data", color=palette.faint, fontsize=size, **middle)
        return

    last, change = candles[-1], candles[-1].close / candles[0].open - 1
    second = cell.top + cell.line
    price = page.write(cell.left, second, words.single_price_text(last.close), va="top", fontsize=size)
    price.set_gid("cell-price")
    changed = page.write(cell.right, second, words.change_text(change), va="top", ha="right", fontsize=size)
    changed.set(gid="cell-change", color=palette.of_change(change))
    while width(price) + width(changed) > cell.width - look.CELL_TEXT_GAP:  # never cut: half a number is another one
        size -= look.CELL_TEXT_STEP
        price.set_fontsize(size)
        changed.set_fontsize(size)
    panels = Panels(palette, axes, price_limits(candles), candle_width=0.6, line_width=1.0)
    draw_candles_and_volumes(panels, candles, facts.days)
    axes.set_ylabel("")
    limit_days(axes, facts.days)
    mark_last_price(panels, last, palette.muted)  # the change beside it is of the window, the line of no direction
    mark_gaps(panels, candles, facts.days)
    if facts.is_sample:
        draw_watermark(axes, palette, look.WATERMARK_SIZE * cell.width / look.WIDTH)


def _draw_footer(page: Page, charts: Sequence[CoinChart]) -> None:
    facts = charts[0][0]
    page.rule(page.height - (look.HEIGHT - look.RULE_Y))
    small: dict[str, Any] = {"fontsize": look.SMALL_SIZE, "color": page.palette.alert}
    text = words.footer_text(facts, [candles[-1].last_point_at for _, candles in charts if candles])
    source = page.write(LEFT, page.height - (look.HEIGHT - look.SOURCE_Y), text, gid="source", **small)
    if not facts.is_sample:
        source.set_color(page.palette.muted)
    empty = [words.title_text(facts) for facts, candles in charts if not candles]
    if empty:
        note = page.write(
            LEFT, page.height - (look.HEIGHT - look.COVERAGE_Y), f"No data of {len(empty)}: {', '.join(empty)}", **small
        )
        note.set_gid("coverage")
        fit(note, RIGHT - LEFT, smallest=look.SMALL_SIZE)
