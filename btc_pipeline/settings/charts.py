"""What a person may choose of the charts: style, size, file formats, moving averages.

Holds values only; `settings` reads and checks them. Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STYLES = ("dark", "light", "mono")
"""`light` and `dark` tell up from down by blue and vermilion; `mono` by lightness alone, for grey printers and eyes."""

SIZES = ("print", "screen")
"""`screen`: 1600 pixels wide; `print`: the same page, 297 mm wide at 300 dpi."""

FORMATS = ("png", "svg")

MOST_AVERAGES, LONGEST_AVERAGE = 3, 365


@dataclass(frozen=True)
class ChartSettings:
    """Section [chart], validated."""

    style: str = "light"
    size: str = "screen"
    formats: tuple[str, ...] = ("png",)
    """`png` always; others beside it."""
    moving_averages: tuple[int, ...] = (7, 30)
    """Periods of the simple moving averages of the closes, in days, the shortest first."""

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> ChartSettings:
        """From its fields as JSON has them, which knows no tuples."""
        fixed: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in values.items()}
        return cls(**fixed)
