"""Values with bounds: each reads a text, refuses what lies outside by a ValueError, and says its bounds in words.

The words come from the bounds themselves, so that documentation and validation cannot disagree. Imports nothing of the
project.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """From a text to a value; `allowed` is what may be written, in words."""

    def __init__(self, read: Callable[[str], Value], allowed: str) -> None:
        self._read = read
        self.allowed = allowed

    def __call__(self, text: str) -> Value:
        return self._read(text)


def number(low: float, high: float) -> Bounded[float]:
    """A number between two bounds, both included."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError("not a number") from None
        return _within(value, low, high)

    return Bounded(read, f"{low:g} to {high:g}")


def whole_number(low: int, high: int, beyond: str = "") -> Bounded[int]:
    """A whole number between two bounds, both included; `beyond` says what to do instead of a higher one."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("not a whole number") from None
        if beyond and value > high:
            raise ValueError(f"must lie between {low} and {high}; {beyond}")
        return int(_within(value, low, high))

    return Bounded(read, f"{low} to {high}")


def one_of(*words: str) -> Bounded[str]:
    """One of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(sorted(words))}")
        return text

    return Bounded(read, f"{', '.join(words[:-1])} or {words[-1]}")


def true_or_false() -> Bounded[bool]:
    """A switch."""
    word = one_of("true", "false")
    return Bounded(lambda text: word(text) == "true", word.allowed)


def always_and(first: str, *others: str) -> Bounded[tuple[str, ...]]:
    """A list of words, separated by commas; the first word is always in it."""
    allowed = f"{first} or {','.join((first, *others))}"

    def read(text: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in text.split(","))
        if first not in words or not set(words) <= {first, *others} or len(set(words)) < len(words):
            raise ValueError(f"must be {allowed}")
        return tuple(sorted(words))

    return Bounded(read, allowed)


def periods(most: int, low: int, high: int) -> Bounded[tuple[int, ...]]:
    """Whole numbers, separated by commas, the lowest first; or `none`, as Luigi's command line takes no empty value."""
    period = whole_number(low, high)

    def read(text: str) -> tuple[int, ...]:
        found = tuple(period(each) for each in text.split(",")) if text not in {"", "none"} else ()
        if len(found) > most:
            raise ValueError(f"at most {most} periods")
        if len(set(found)) < len(found):
            raise ValueError("a period is named twice")
        return tuple(sorted(found))

    return Bounded(read, f"up to {most} of {period.allowed}, separated by commas, or none")


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"must lie between {low:g} and {high:g}")
    return value
