"""The weekly proof: does the raw archive give the published history again?

A night builds and tests the days that it touches. The proof builds and tests all of them, and compares. What differs
is recorded (`lake/proofs.py`): these days are `provisional` from the next build on. If the archive has all that was
loaded, the next build also loads them anew. The days of a test that fails on what the archive gives are recorded too.
"""

from __future__ import annotations

import functools

from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.lake import proofs
from btc_pipeline.lake.proofs import Proof
from btc_pipeline.market import instants
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.transform import compacted, failing_rows, rebuilt, touched_days
from btc_pipeline.transform.failing_rows import Place
from btc_pipeline.warehouse import duckdb_files

_SHOWN = 5
"""So many days and files are named in a line; the record has all."""


def prove(settings: Settings, workspace: Workspace, sources_hash: str, answers: str, progress: Progress) -> Proof:
    """Prove what is published, and keep the record; `progress` is called with how many of dbt's nodes are done.

    What is proved is kept unpacked too (`compacted`); `answers` is the hash of the code that unpacks and judges it. If
    something else comes out, what was kept before is not used any more.

    Raises:
        ConfigurationError: nothing is published; or other models than these, with this hash, have made it.
        TransformationError: the archive does not build.
        CandleTestError: a test fails on what the archive gives; or what it gives is something else.
    """
    models, build = rebuilt.models_of_published(settings, workspace)
    if models != sources_hash:
        raise ConfigurationError("other models have made what is published", "run the pipeline first, then prove it")
    now = settings.instant()
    try:
        compared = rebuilt.compare(
            settings, workspace, sources_hash, progress, functools.partial(_compact, workspace, answers)
        )
    except CandleTestError as error:
        compacted.forget(workspace.compacted)
        proofs.keep(workspace.proofs, _failed(settings, build, error), now)
        raise CandleTestError(
            f"the archive does not give a history that passes its tests: {error.what}",
            "`btc-pipeline why` shows the day and its answers; until a proof passes, these days are provisional",
            **error.facts,
        ) from None
    days = sorted({(each.coin_id, each.vs_currency, each.date.isoformat()) for each in compared.differences})
    found = Proof(
        proved_at=instants.text(now),
        source=settings.provenance,
        build=build,
        candles=compared.candles,
        checks=compared.checks,
        differences=len(compared.differences),
        days=tuple(days),
        lost=tuple(compared.lost),
    )
    if not found.is_equal:
        compacted.forget(workspace.compacted)
    proofs.keep(workspace.proofs, found, now)
    if not found.is_equal:
        if not found.lost:
            _load_anew(workspace, found)
        raise CandleTestError(_line(found, str(compared.differences[0])), _advice(found))
    return found


def _compact(workspace: Workspace, answers: str, settings: Settings, connection: duckdb_files.Connection) -> None:
    """Keep the proved answers unpacked; if that fails, for a full disk or so, the proof counts all the same."""
    try:
        compacted.keep(workspace, compacted.made_by(settings, answers), connection)
    except (OSError, duckdb_files.AnyError) as error:
        log.warning("ProveHistory does not compact the answers, the old ones stay: %s", str(error).partition("\n")[0])


def _failed(settings: Settings, build: str, error: CandleTestError) -> Proof:
    """The record of a proof whose tests have failed: nothing was compared."""
    now = instants.text(settings.instant())
    return Proof(
        now, settings.provenance, build, candles=0, checks=0, differences=0, days=error.days, failed=error.what
    )


def _load_anew(workspace: Workspace, found: Proof) -> None:
    """Let the next build load these days anew from the archive; all, if they are too many."""
    places = [Place(coin_id=coin, vs_currency=currency, date=day) for coin, currency, day in found.days]
    touched_days.distrust(workspace.work, places if len(places) <= failing_rows.LIMIT else None)


def _line(found: Proof, first: str) -> str:
    days = _named([" ".join(day) for day in found.days])
    lost = f"; the archive has lost {_named(found.lost)}" if found.lost else ""
    return (
        f"the archive does not give what is published: {found.differences} differences, the first is {first};"
        f" not reproduced: {days}{lost}; what is published stays as it is"
    )


def _advice(found: Proof) -> str:
    if found.lost:
        return "put these files back from a copy; until then the days are provisional from the next run on"
    return "run the pipeline: it makes these days anew, and they are provisional until ProveHistory finds them equal"


def _named(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
