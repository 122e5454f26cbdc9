"""A page to place texts and axes on, in pixels from its top left corner.

Knows neither candles nor words. Must not import matplotlib: it is handed a figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from btc_pipeline.visualize.chart import style as look
from btc_pipeline.visualize.chart.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

LEFT, RIGHT = look.MARGIN, look.WIDTH - look.MARGIN


@dataclass(frozen=True)
class Page:
    """A figure of `look.WIDTH` times `height` pixels, and its colours."""

    figure: Figure
    palette: Palette
    height: int

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place as matplotlib has it: fractions of the page, from the bottom left corner."""
        return x / look.WIDTH, 1 - y / self.height

    def place(self, axes: Axes, left: float, right: float, top: float, bottom: float) -> None:
        """Give axes their place."""
        (x0, y0), (x1, y1) = self.at(left, bottom), self.at(right, top)
        axes.set_position((x0, y0, x1 - x0, y1 - y0))

    def write(self, x: float, y: float, text: str, **style: Any) -> Text:
        """A text with the style that matplotlib's keywords say."""
        return self.figure.text(*self.at(x, y), text, **style)

    def badge(self, x: float, y: float, text: str) -> Text:
        """A word on a plate, which no reader misses."""
        written = self.write(x, y, text, color=self.palette.paper, fontweight="bold", gid="badge")
        written.set_bbox({"boxstyle": "round,pad=0.4", "facecolor": self.palette.alert, "edgecolor": "none"})
        return written

    def rule(self, y: float) -> None:
        """A line across the page."""
        from matplotlib.lines import Line2D

        (x0, y0), (x1, y1) = self.at(LEFT, y), self.at(RIGHT, y)
        self.figure.add_artist(Line2D((x0, x1), (y0, y1), color=self.palette.grid, linewidth=1.0))

    def legend(self, entries: list[Any], y: float) -> None:
        """One line of what things look like, at the left."""
        self.figure.legend(
            handles=entries,
            loc="center left",
            bbox_to_anchor=self.at(LEFT, y),
            ncols=len(entries),
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            handlelength=2.2,
            handleheight=1.0,
            columnspacing=2.0,
            fontsize=look.SMALL_SIZE,
            labelcolor=self.palette.muted,
        )


def width(text: Text) -> float:
    """In pixels."""
    return text.get_window_extent().width


def fit(text: Text, room: float, end: str = "", smallest: float = look.SMALLEST_TITLE_SIZE) -> None:
    """Make a text smaller, then shorter (its `end` stays), until it takes at most `room` pixels."""
    size = float(text.get_fontsize())
    text.set_fontsize(max(min(size, size * room / width(text)), min(size, smallest)))
    shortened = text.get_text().removesuffix(end)
    while width(text) > room and shortened:
        shortened = shortened[:-1]
        text.set_text(f"{shortened.rstrip()}…{end}")
