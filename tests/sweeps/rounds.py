"""The rounds of a sweep and their lots: SWEEP_COUNT rounds, the first with the seed SWEEP_SEED.

The seed of each round is in the name of its test, so that `SWEEP_SEED=<seed> SWEEP_COUNT=1` repeats it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.support.swept import COUNT, SEED


@dataclass(frozen=True)
class Round:
    """One round. Every other one begins with nothing, the others with the data of the day before."""

    seed: int

    def lot(self) -> random.Random:
        """What all chances of this round are drawn from; the same at each call."""
        return random.Random(self.seed)

    @property
    def is_first_run(self) -> bool:
        """Whether it begins with nothing."""
        return self.seed % 2 == 0

    def __str__(self) -> str:
        return f"SWEEP_SEED={self.seed} {'first run' if self.is_first_run else 'next run'}"


ROUNDS = [Round(SEED + number) for number in range(30 if COUNT is None else COUNT)]
