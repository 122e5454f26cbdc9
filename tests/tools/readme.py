"""What docs/reading-the-data.md shows, as it stands there: each block of code, by the bold words before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^\*\*([^*]+?)\.?\*\*(?:(?!^\*\*|^```).)*?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A block of code; `language` is `sh` or `python`."""

    title: str
    language: str
    code: str


def section() -> str:
    """The text of the page."""
    return (ROOT / "docs/reading-the-data.md").read_text(encoding="utf-8")


def snippets() -> dict[str, Snippet]:
    """Each block of code of the page, by its title."""
    return {title: Snippet(title, language, code) for title, language, code in _BLOCK.findall(section())}
