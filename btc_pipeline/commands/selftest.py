"""`btc-pipeline selftest`: inject faults into sample data, one at a time: which check catches which?"""

from __future__ import annotations

from btc_pipeline.errors import CandleTestError
from btc_pipeline.selftest import model_faults
from btc_pipeline.selftest import run as injection
from btc_pipeline.settings.values import Settings
from btc_pipeline.tasks import Transform
from btc_pipeline.terminal import stdout


def text(configured: Settings) -> str:
    """The faults and what caught them.

    Raises:
        CandleTestError: some were missed; the matrix is printed.
    """
    verdicts = injection.run(configured, Transform(date=configured.today()).sources_hash(), model_faults.ALL)
    text, missed = injection.matrix(verdicts), injection.missed(verdicts)
    if missed:
        stdout.write_text(text)
        raise CandleTestError(
            f"{len(missed)} of {len(verdicts)} faults were missed: {', '.join(each.fault.name for each in missed)}",
            "correct the check that is named for it",
        )
    return text
