"""What a person may choose of the charts: style, size, file formats, moving averages.

Declares the rows of section [chart]; `reader` reads them. Knows neither Luigi nor luigi.cfg.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from btc_pipeline.settings.bounds import always_and, one_of, periods
from btc_pipeline.settings.rows import setting

STYLES = ("light", "dark", "mono")
"""In `light` and `dark`, up is blue and down is vermilion; in `mono` they differ by lightness, for grey printers."""

SIZES = ("screen", "print")
"""`screen`: 1600 pixels wide; `print`: the same page, 297 mm wide at 300 dpi."""

FORMATS = ("png", "svg")
"""`png` always, because the marker and the table name it."""

Value = TypeVar("Value")


def _setting(default: str, read: Callable[[str], Value], meaning: str) -> Value:
    return setting("chart", default, read, meaning, steps=("Visualize",), hidden="it changes no data")


@dataclass(frozen=True)
class ChartSettings:
    """Section [chart], validated."""

    style: str = _setting(
        "light",
        one_of(*STYLES),
        "Colours of the charts. In `mono`, up and down differ by lightness alone, for grey printers.",
    )
    size: str = _setting("screen", one_of(*SIZES), "`screen` is 1600 pixels wide; `print` is 297 mm wide at 300 dpi.")
    formats: tuple[str, ...] = _setting(
        "png", always_and(*FORMATS), "File formats of the charts. `png,svg` draws the same charts as SVG as well."
    )
    moving_averages: tuple[int, ...] = _setting(
        "7,30", periods(3, 2, 365), "Periods of the simple moving averages of the closes, in days."
    )
    """The shortest first."""

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> ChartSettings:
        """From its fields as JSON has them, which knows no tuples."""
        fixed: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in values.items()}
        return cls(**fixed)
