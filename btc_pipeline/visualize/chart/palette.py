"""The colours of the chart's styles: `light`, `dark` and `mono`.

Holds values only: a palette is handed to what draws, so no style is a state of the process. Imports nothing of
the project.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as #RRGGBB. Texts have a contrast of 4.5 or more to what they stand on, candles of 3 (WCAG 2, AA)."""

    paper: str
    ink: str
    muted: str
    """Texts of less weight."""
    faint: str
    """Notes beside candles."""
    grid: str
    gap: str
    """The band of a day without a candle."""
    up: str
    down: str
    flat: str
    """A candle that closes where it opened."""
    up_text: str
    down_text: str
    volume: str
    alert: str
    """SAMPLE, and what a reader should know before trusting the chart."""
    averages: tuple[str, str, str]
    """Lines of moving averages, which differ by their dashes as well."""

    def of_change(self, change: float) -> str:
        """The colour of a text that shows a rise, a fall or neither."""
        return self.up_text if change > 0 else self.down_text if change < 0 else self.flat


# Blue and vermilion (Okabe and Ito, 2008) stay apart for every kind of colour vision.
_LIGHT = Palette(
    paper="#FFFFFF",
    ink="#14181F",
    muted="#5B6470",
    faint="#69727E",
    grid="#E6E9ED",
    gap="#F5F6F8",
    up="#0072B2",
    down="#C8500A",
    flat="#5B6470",
    up_text="#0072B2",
    down_text="#C8500A",
    volume="#B4BDC8",
    alert="#8F5400",
    averages=("#8A3F86", "#00735A", "#6B5B00"),
)

_DARK = Palette(
    paper="#12161C",
    ink="#E8ECF1",
    muted="#A7B0BC",
    faint="#8D97A4",
    grid="#2A313A",
    gap="#1B2129",
    up="#56B4E9",
    down="#F0743A",
    flat="#A7B0BC",
    up_text="#56B4E9",
    down_text="#F0743A",
    volume="#56616E",
    alert="#E0A84A",
    averages=("#D69BD0", "#3CC79F", "#F0E442"),
)

# Middle grey is up, black is down. Texts are black in both cases: arrows and signs show the direction.
_MONO = Palette(
    paper="#FFFFFF",
    ink="#111111",
    muted="#555555",
    faint="#6A6A6A",
    grid="#E4E4E4",
    gap="#F4F4F4",
    up="#8C8C8C",
    down="#1A1A1A",
    flat="#555555",
    up_text="#1A1A1A",
    down_text="#1A1A1A",
    volume="#C4C4C4",
    alert="#333333",
    averages=("#444444", "#444444", "#444444"),
)

PALETTES = {"light": _LIGHT, "dark": _DARK, "mono": _MONO}
