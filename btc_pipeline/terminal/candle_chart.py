"""Candles drawn with letters: blocks and lines, or ASCII if the terminal has nothing else.

Pure: from candles to lines of styled words. A day is a place on the axis, with a candle or without one; no price is
made up. Rise and fall have a mark each besides their colours; final, provisional and open candles a texture each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from btc_pipeline.market.candle import Candle
from btc_pipeline.market.formatting import price_exponent, price_step, price_text

if TYPE_CHECKING:
    from btc_pipeline.terminal.stdout import Line, Style, StyledText

ROWS = 12
_TICKS = 4
_WIDEST_SLOT = 9
_LABEL_ROOM = 9
_SPARKS, _ASCII_SPARKS = "▁▂▃▄▅▆▇█", "_.-=+*%#"


@dataclass(frozen=True)
class _Letters:
    """What candles are drawn with. A final body has halves; the other textures have none."""

    final: str
    upper: str
    lower: str
    provisional: str
    open: str
    wick: str
    upper_wick: str
    lower_wick: str
    axis: str
    tick: str
    marks: Mapping[str, str]


_UNICODE = _Letters("█", "▀", "▄", "▒", "░", "│", "╵", "╷", "│", "┤", {"up": "▲", "down": "▼", "muted": "="})
_ASCII = _Letters("#", "#", "#", "%", ":", "|", "|", "|", "|", "+", {"up": "^", "down": "v", "muted": "="})


@dataclass(frozen=True)
class _Scale:
    """From prices to half rows: 0 at the top."""

    top: float
    bottom: float

    @classmethod
    def of(cls, candles: Sequence[Candle]) -> _Scale:
        top, bottom = max(candle.high for candle in candles), min(candle.low for candle in candles)
        room = price_step(top) if top - bottom < top * 1e-9 else 0.0  # prices that never move lie in the middle
        return cls(top + room, max(bottom - room, 0.0))

    def half_row(self, price: float) -> int:
        return round((self.top - price) / (self.top - self.bottom) * (2 * ROWS - 1))

    def ticks(self) -> tuple[float, list[float]]:
        """A round step, and its multiples between bottom and top."""
        rough = (self.top - self.bottom) / _TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough * 0.999)
        first, last = math.ceil(self.bottom / step), math.floor(self.top / step)
        return step, [number * step for number in range(first, last + 1)]


def drawn(candles: Sequence[Candle], days: Sequence[date], width: int, *, is_unicode: bool) -> list[Line]:
    """A picture of the candles on these days, in order. If they do not all fit, the oldest are skipped."""
    by_day = {candle.date: candle for candle in candles}
    letters = _UNICODE if is_unicode else _ASCII
    labels = _price_labels(_Scale.of(candles))
    room = width - max(map(len, labels.values()), default=0) - 3
    slot = max(2, min(_WIDEST_SLOT, room // max(len(days), 1)))
    shown = list(days)[-max(room // slot, 1) :]
    seen = [by_day[day] for day in shown if day in by_day]
    if not seen:
        return [[("no candle on the days that fit here", "muted")]]
    scale = _Scale.of(seen)
    labels = _price_labels(scale)
    margin = max(map(len, labels.values()))
    slots = [by_day.get(day) for day in shown]
    lines: list[Line] = []
    for row in range(ROWS):
        label = labels.get(row, "")
        axis = letters.tick if label else letters.axis
        head: StyledText = (f"{label.rjust(margin)} {axis}", "muted")
        lines.append([head, *(_cell(candle, row, slot, scale, letters) for candle in slots)])
    blank: StyledText = (" " * (margin + 2), "")
    marks = [_padded(letters.marks[_direction(candle)] if candle else "", slot, candle) for candle in slots]
    return [*lines, [blank, *marks], [blank, (_day_labels(shown, slot), "muted")], [blank, *_legend(seen, letters)]]


def sparkline(closes: Sequence[float | None], *, is_unicode: bool) -> str:
    """The course of the closes, one letter each; a missing one is a blank."""
    letters = _SPARKS if is_unicode else _ASCII_SPARKS
    known = [close for close in closes if close is not None]
    low, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    steps = len(letters) - 1

    def letter(close: float) -> str:
        return letters[round((close - low) / span * steps)] if span else letters[steps // 2]

    return "".join(" " if close is None else letter(close) for close in closes)


def _direction(candle: Candle) -> Style:
    return "up" if candle.close > candle.open else "down" if candle.close < candle.open else "muted"


def _cell(candle: Candle | None, row: int, slot: int, scale: _Scale, letters: _Letters) -> StyledText:
    """One slot of one row."""
    if candle is None:
        return " " * slot, ""
    wide = 1 if slot < 4 else 3 if slot < 7 else 5
    bodies = [scale.half_row(price) for price in (candle.open, candle.close)]
    wicks = [scale.half_row(price) for price in (candle.high, candle.low)]
    body = _halves(row, min(bodies), max(bodies))
    wick = _halves(row, *wicks)
    if any(body):
        solid = {(True, True): letters.final, (True, False): letters.upper, (False, True): letters.lower}
        texture = {"provisional": letters.provisional, "open": letters.open}.get(candle.status, solid[body])
        return (texture * wide).center(slot), _direction(candle)
    lines = {(True, True): letters.wick, (True, False): letters.upper_wick, (False, True): letters.lower_wick}
    return lines.get(wick, " ").center(wide).center(slot), _direction(candle)


def _halves(row: int, first: int, last: int) -> tuple[bool, bool]:
    """Whether the upper and the lower half of a row lie between two half rows."""
    return first <= 2 * row <= last, first <= 2 * row + 1 <= last


def _padded(text: str, slot: int, candle: Candle | None) -> StyledText:
    wide = 1 if slot < 4 else 3 if slot < 7 else 5
    return text.center(wide).center(slot), _direction(candle) if candle else ""


def _price_labels(scale: _Scale) -> dict[int, str]:
    step, ticks = scale.ticks()
    exponent = price_exponent(scale.top)
    return {scale.half_row(tick) // 2: price_text(tick, step, exponent) for tick in ticks}


def _day_labels(days: Sequence[date], slot: int) -> str:
    """`17 Nov` under the newest day, and under as many others as find room, at equal distances."""
    every = math.ceil(_LABEL_ROOM / slot)
    room = [" "] * (len(days) * slot)
    for number in range(len(days) - 1, -1, -every):
        text = f"{days[number].day} {days[number]:%b}"
        at = max(0, min(number * slot + slot // 2 - len(text) // 2, len(days) * slot - len(text)))
        room[at : at + len(text)] = text
    return "".join(room).rstrip()


def _legend(seen: Sequence[Candle], letters: _Letters) -> list[StyledText]:
    textures = {"final": letters.final, "provisional": letters.provisional, "open": letters.open}
    present = {candle.status for candle in seen}
    spans: list[StyledText] = [
        (f"{letters.marks['up']} rise", "up"),
        ("  ", ""),
        (f"{letters.marks['down']} fall", "down"),
    ]
    words = [f"{letter} {status}" for status, letter in textures.items() if status in present]
    return [*spans, ("    " + "  ".join(words), "muted")]
