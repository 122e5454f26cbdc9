"""How the chart looks: sizes, colours, fonts. Every number that a designer would change is here.

Must not see a candle, nor import matplotlib before it is asked for its settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager

# The page, in pixels from the top left corner.
WIDTH, HEIGHT, DPI = 1600, 900, 100
MARGIN, TITLE_GAP, CHANGE_GAP = 56, 28, 24
TITLE_Y, SUBTITLE_Y, LEGEND_Y = 66, 98, 146
PRICE_TOP, PRICE_BOTTOM = 166, 614
VOLUME_TOP, VOLUME_BOTTOM = 664, 778
RULE_Y, SOURCE_Y, COVERAGE_Y = 834, 858, 879
TAG_GAP, DAY_GAP, NOTE_GAP = 12, 18, 8  # from panels to labels, from candles to words

# Sizes of text, in points.
TITLE_SIZE, SMALLEST_TITLE_SIZE, TEXT_SIZE, SMALL_SIZE, WATERMARK_SIZE = 25, 15, 11.5, 10.5, 150

# Blue and vermilion (Okabe and Ito) stay apart for every kind of colour vision, and read well on white.
UP, DOWN, FLAT = "#0072B2", "#C8500A", "#5B6470"
INK, MUTED, FAINT, GRID, GAP, PAPER = "#14181F", "#5B6470", "#7F8894", "#E6E9ED", "#F5F6F8", "#FFFFFF"
VOLUME, ALERT = "#B4BDC8", "#9A5B00"

CANDLE_WIDTH, LINE_WIDTH = 0.4, 1.5
DASHES, DOTS, HATCH = (0, (3.2, 2.0)), (0, (1, 2.5)), "////"
FEWEST_SLOTS = 5  # a window of a day or two keeps candles of a sensible width
MOST_DAY_LABELS = 12


@contextmanager
def chart_settings() -> Iterator[None]:
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
                "text.color": INK,
                "text.parse_math": False,  # a dollar sign in a name is a dollar sign
                "hatch.linewidth": 1.1,
                "axes.titlesize": SMALL_SIZE,
                "axes.titlecolor": MUTED,
                "axes.edgecolor": GRID,
                "axes.axisbelow": True,
                "grid.color": GRID,
                "grid.linewidth": 0.9,
            }
        )
        yield


def change_colour(change: float) -> str:
    """Tell a rise, a fall or neither apart."""
    return UP if change > 0 else DOWN if change < 0 else FLAT


def points(pixels: float) -> float:
    """Matplotlib's points, which it wants for offsets and paddings."""
    return pixels * 72 / DPI
