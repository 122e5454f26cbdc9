"""How the charts look: places, sizes, dashes, fonts. Every number that a designer would change is here.

Colours are in `palette`. Must not see a candle, nor import matplotlib before its settings are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from btc_pipeline.visualize.chart.palette import Palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The page, in pixels from the top left corner.
WIDTH, HEIGHT, DPI = 1600, 900, 100
PRINT_WIDTH_MM, PRINT_DPI = 297, 300
MARGIN, TITLE_GAP, CHANGE_GAP = 56, 28, 24
TITLE_Y, SUBTITLE_Y, EXTREMES_Y, LEGEND_Y = 66, 98, 122, 146
PRICE_TOP, PRICE_BOTTOM = 166, 614
VOLUME_TOP, VOLUME_BOTTOM = 664, 778
RULE_Y, SOURCE_Y, COVERAGE_Y = 834, 858, 879
# The page of many small charts.
MOST_COLUMNS, CELL_GAP, ROW_GAP, CELL_TEXT_GAP = 8, 32, 26, 8
CELLS_TOP, OVERVIEW_LEGEND_Y, FOOTER_HEIGHT = 164, 132, 92
LEAST_CELL_HEIGHT, CELL_HEIGHT_SHARE = 130, 0.56
SMALLEST_CELL_TEXT, LARGEST_CELL_TEXT, CELL_TEXT_STEP = 9.5, 16.0, 0.25

TAG_GAP, DAY_GAP, NOTE_GAP = 12, 18, 8  # from panels to labels, from candles to words

# Sizes of text, in points.
TITLE_SIZE, SMALLEST_TITLE_SIZE, TEXT_SIZE, SMALL_SIZE, WATERMARK_SIZE = 25, 15, 11.5, 10.5, 150

CANDLE_WIDTH, LINE_WIDTH = 0.4, 1.5
DASHES, DOTS, HATCH = (0, (3.2, 2.0)), (0, (1, 2.5)), "////"
AVERAGE_WIDTH, AVERAGE_DASHES = 1.6, ("-", (0, (5, 2)), (0, (6, 2, 1.5, 2)))
MOST_SQUEEZE = 0.25  # the share of the candles' range, above and below, that a moving average may take
FEWEST_SLOTS = 5  # a window of a day or two keeps candles of a sensible width
MOST_DAY_LABELS = 12


@contextmanager
def drawing(palette: Palette) -> Iterator[None]:
    """Matplotlib with our settings inside the block, and as it was after it.

    Starts from matplotlib's own defaults, so that somebody's matplotlibrc or style changes no picture.
    DejaVu Sans comes with matplotlib: the same letters on every machine.
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": "sans-serif",
                "font.sans-serif": ["DejaVu Sans"],
                "font.size": TEXT_SIZE,
                "text.color": palette.ink,
                "text.parse_math": False,  # a dollar sign in a name is a dollar sign
                "hatch.linewidth": 1.1,
                "svg.hashsalt": "btc_pipeline",  # the same chart is the same file
                "axes.titlesize": SMALL_SIZE,
                "axes.titlecolor": palette.muted,
                "axes.edgecolor": palette.grid,
                "axes.axisbelow": True,
                "grid.color": palette.grid,
                "grid.linewidth": 0.9,
            }
        )
        yield


def figure(height: int, palette: Palette) -> Figure:
    """A page of our width, unknown to pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=palette.paper)
    FigureCanvasAgg(made)  # can measure texts, and needs no display
    return made


def points(pixels: float) -> float:
    """Matplotlib's points, which it wants for offsets and paddings."""
    return pixels * 72 / DPI
