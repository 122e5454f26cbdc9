"""The names that are most similar to an unknown name, for a message that suggests what was meant.

Imports nothing of the project.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def names(word: str, known: Sequence[str], *, most: int, least_ratio: float) -> list[str]:
    """At most `most` of the known names, the most similar first.

    `least_ratio`, from 0 to 1, is the least similarity, as `difflib.SequenceMatcher.ratio` measures it.
    """
    return difflib.get_close_matches(word, known, n=most, cutoff=least_ratio)
