"""Verifying a run: the cache's table, and each of the run's answers through the gate.

Knows where answers lie; what a good one is, is for `verify` to say.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from btc_pipeline import archive, extract, verify
from btc_pipeline.errors import ExtractionError, VerificationError
from btc_pipeline.settings import Settings
from btc_pipeline.targets import AllOf
from btc_pipeline.world import World


def answers(settings: Settings, world: World, extraction: AllOf) -> dict[str, Any]:
    """Check that the run's rows are in the cache and that each answer is a market chart as asked.

    Where a later run has replaced the cache's table, the archive speaks alone.

    Returns:
        Facts: points, those out of order, the newest instant.

    Raises:
        VerificationError: names coin, row and file. The extraction is withdrawn, so that a rerun fetches anew.
    """
    try:
        if extraction.table.stamp() == extraction.table.newest_stamp():
            extract.answers_in_cache(world, settings)
        verified = [_checked(settings, world, file) for file in extraction.made.facts()["files"]]
    except (ExtractionError, VerificationError) as error:
        extraction.table.withdraw()
        raise VerificationError(error.what, error.fix, **error.facts) from None
    return {
        "points": sum(each.points for each in verified),
        "out_of_order": sum(each.out_of_order for each in verified),
        "newest": f"{min(each.newest_at for each in verified):%Y-%m-%dT%H:%M:%SZ}",
    }


def _checked(settings: Settings, world: World, file: str) -> verify.Verified:
    try:
        entry = archive.entry(world.raw, file)
        return verify.market_chart(entry.request, entry.read(world.raw), timedelta(hours=settings.max_age_hours))
    except (verify.BadAnswerError, archive.DamagedAnswerError) as error:
        raise VerificationError(
            f"an answer is refused: {error}", "run it again: it will fetch anew", file=world.raw / file
        ) from None
