"""Verifying a run: the cache's table, and each of the run's answers through the gate.

Knows where answers lie; what a good one is, is for `verify` to say.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from btc_pipeline import archive, extract, verify
from btc_pipeline.errors import ExtractionError, VerificationError
from btc_pipeline.settings import Settings
from btc_pipeline.targets import DuckDBTarget
from btc_pipeline.world import World


def answers(settings: Settings, world: World, day: date, extraction: DuckDBTarget) -> dict[str, Any]:
    """Check that the run's rows are in the cache and that each answer is a market chart as asked.

    Where a later run has replaced the cache's table, the archive speaks alone.

    Returns:
        Facts: points, those out of order, the newest instant.

    Raises:
        VerificationError: names coin, row and file. The extraction is withdrawn, so that a rerun fetches anew.
    """
    try:
        if extraction.is_newest():
            extract.answers_in_cache(world, settings)
        verified = [_checked(settings, world, asked) for asked in extract.asked(settings, day)]
    except (ExtractionError, VerificationError) as error:
        extraction.withdraw()
        raise VerificationError(error.what, error.fix, **error.facts) from None
    return {
        "points": sum(each.points for each in verified),
        "out_of_order": sum(each.out_of_order for each in verified),
        "newest": f"{min(each.newest_at for each in verified):%Y-%m-%dT%H:%M:%SZ}",
    }


def _checked(settings: Settings, world: World, asked: archive.Asked) -> verify.Verified:
    entry = archive.latest(world.raw, asked)
    if entry is None:
        raise VerificationError(f"the archive holds no answer for {asked.coin_id}", "run it again")
    try:
        return verify.market_chart(entry.request, entry.read(world.raw), timedelta(hours=settings.max_age_hours))
    except (verify.BadAnswerError, archive.DamagedAnswerError) as error:
        raise VerificationError(
            f"the answer for {asked.coin_id} is refused: {error}",
            "run it again: it will fetch anew",
            file=world.raw / entry.file,
        ) from None
