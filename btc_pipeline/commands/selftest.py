"""`btc-pipeline selftest`: inject faults into sample data, one at a time: which check catches which?"""

from __future__ import annotations

import random

from btc_pipeline.errors import CandleTestError
from btc_pipeline.selftest import model_faults
from btc_pipeline.selftest import run as injection
from btc_pipeline.settings.values import Settings
from btc_pipeline.tasks import Transform
from btc_pipeline.terminal import stdout


def text(configured: Settings, days_after: int | None, seed: int | None) -> str:
    """The faults and what caught them. `days_after` faults, drawn by the seed, have their days after; None: all.

    Raises:
        CandleTestError: some were missed; the matrix is printed.
    """
    draw = injection.Draw(days_after, random.SystemRandom().randrange(10**6) if seed is None else seed)
    models = Transform(date=configured.today()).sources_hash()
    verdicts = injection.run(configured, models, model_faults.ALL, draw)
    text, missed = injection.matrix(verdicts, draw.seed), injection.missed(verdicts)
    if missed:
        stdout.write_text(text)
        raise CandleTestError(
            f"{len(missed)} of {len(verdicts)} faults were missed: {', '.join(each.fault.name for each in missed)}",
            f"correct the check that is named for it, and try again with --seed {draw.seed}",
        )
    return text
