"""Verifying a run: the cache's table, and each of the run's answers through the gate.

Knows where answers lie; what a good one is, is for `verify` to say.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from btc_pipeline import archive, console, extract, verify
from btc_pipeline.errors import ExtractionError, StaleDataError, VerificationError
from btc_pipeline.settings import Settings
from btc_pipeline.targets import AllOf
from btc_pipeline.world import World

_REACHES_NOW = timedelta(minutes=1)


def answers(settings: Settings, world: World, extraction: AllOf) -> dict[str, Any]:
    """Check that the run's rows are in the cache and that each answer is a market chart as asked.

    Where a later run has replaced the cache's table, the archive speaks alone.

    Returns:
        Facts: points, those out of order, the newest instant.

    Raises:
        StaleDataError: the newest point is too old, or was known before.
        VerificationError: names coin, row and file. The extraction is withdrawn, so that a rerun fetches anew.
    """
    try:
        if extraction.table.stamp() == extraction.table.newest_stamp():
            extract.answers_in_cache(world, settings)
        verified = [_checked(settings, world, file) for file in extraction.made.facts()["files"]]
    except StaleDataError:
        extraction.table.withdraw()
        raise
    except (ExtractionError, VerificationError) as error:
        extraction.table.withdraw()
        raise VerificationError(error.what, error.fix, **error.facts) from None
    for field in sorted({field for each in verified for field in each.new_fields}):
        console.log.warning("VerifyData CoinGecko's answer has a new field, kept in the raw archive only: %.80r", field)
    return {
        "points": sum(each.points for each in verified),
        "out_of_order": sum(each.out_of_order for each in verified),
        "newest": f"{min(each.newest_at for each in verified):%Y-%m-%dT%H:%M:%SZ}",
    }


def _checked(settings: Settings, world: World, file: str) -> verify.Verified:
    try:
        entry = archive.entry(world.raw, file)
        found = verify.market_chart(entry.request, entry.read(world.raw), timedelta(hours=settings.max_age_hours))
        _check_news(world, entry, found)
    except verify.StaleAnswerError as error:
        raise StaleDataError(
            f"{entry.request.coin_id}: {error}", "look at status.coingecko.com, and run it again later", file=file
        ) from None
    except (verify.BadAnswerError, archive.DamagedAnswerError) as error:
        raise VerificationError(
            f"an answer is refused: {error}", "run it again: it will fetch anew", file=world.raw / file
        ) from None
    return found


def _check_news(world: World, entry: archive.Entry, found: verify.Verified) -> None:
    """An answer up to now has a newer point than the latest good answer of two slots or more before it.

    Raises:
        StaleAnswerError: it has none. CoinGecko's series stands still, whatever its live point says.
    """
    request = entry.request
    if request.window_to < request.extracted_at - _REACHES_NOW:
        return  # a past day is asked for again, which brings nothing new by nature
    two_slots = 2 * timedelta(seconds=verify.SLOT_SECONDS[found.granularity])
    for earlier in archive.before(world.raw, request, request.extracted_at - two_slots):
        if earlier.request.provenance != request.provenance:
            continue
        try:
            known = verify.market_chart(earlier.request, earlier.read(world.raw))
        except (verify.BadAnswerError, archive.DamagedAnswerError):
            continue
        if known.newest_settled_at >= found.newest_settled_at:
            raise verify.StaleAnswerError(
                f"nothing new: the newest point, {found.newest_settled_at:%Y-%m-%dT%H:%M:%SZ}, was known at"
                f" {earlier.request.extracted_at:%Y-%m-%dT%H:%M:%SZ}",
                "the_answer_brings_something_new",
            )
        return
