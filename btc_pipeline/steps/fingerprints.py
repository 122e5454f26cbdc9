"""Fingerprints: what a step's output was made from, as one hash.

Pure, apart from reading the project's own source files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from btc_pipeline.system import digest

ROOT = Path(__file__).resolve().parents[2]


@cache
def of_sources(patterns: tuple[str, ...]) -> str:
    """The hash of the project's files that match the glob patterns, by name and content."""
    return digest.of(*((path.relative_to(ROOT).as_posix(), _hash(path)) for path in _matching(patterns)))


def _matching(patterns: Iterable[str]) -> list[Path]:
    found = {pattern: [path for path in ROOT.glob(pattern) if path.is_file()] for pattern in patterns}
    empty = [pattern for pattern, paths in found.items() if not paths]
    if empty:
        raise FileNotFoundError(f"the project is not whole: nothing matches {', '.join(empty)} in {ROOT}")
    return sorted({path for paths in found.values() for path in paths})


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
