"""What `why`, `replay`, `record` and `selftest` do: the functions of the modules of their names, and how they end.

Thin: no rule of the data is here.
"""

from __future__ import annotations

import shlex
from datetime import date, datetime
from pathlib import Path

from btc_pipeline.errors import CandleTestError, ConfigurationError
from btc_pipeline.market import instants
from btc_pipeline.settings import parsers
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal import stdout, tables


def why(configured: Settings, workspace: Workspace, coin: str, day: date) -> str:
    """All that is known of a candle."""
    from btc_pipeline.commands import why as reasons

    try:
        (coin_id,) = parsers.coins(coin)
    except ValueError as error:
        raise ConfigurationError(f"bad coin {coin[:40]!r}: {error}", "name one coin, e.g. bitcoin") from None
    return "\n\n".join(reasons.explained(workspace, coin_id, currency, day) for currency in configured.vs_currencies)


def replay(configured: Settings, workspace: Workspace, as_of: datetime | None) -> str:
    """Whether the raw archive gives what is published; or the candles as they were at an instant.

    Raises:
        CandleTestError: it does not; the differences are printed.
    """
    from btc_pipeline.commands import replay as rebuild
    from btc_pipeline.tasks import Transform

    models = Transform(date=configured.today()).sources_hash()
    if as_of is not None:
        rows, record = rebuild.as_of(configured, workspace, as_of, models)
        return tables.of_rows(rows, record, stdout.screen().width)
    number, differences = rebuild.compare(configured, workspace, models)
    if differences:
        stdout.tell("\n".join(str(each) for each in differences))
        raise CandleTestError(
            f"the archive does not give what is published: {len(differences)} differences",
            "if the models have changed since, run the pipeline; btc-pipeline why COIN DAY tells more",
        )
    return f"identical: {number} candles, rebuilt from {workspace.raw} and compared with {workspace.published}"


def record(configured: Settings, folder: Path) -> str:
    """The recordings that were made, and how to replay them."""
    from btc_pipeline.commands import record as recording

    made, instant = recording.record(configured, folder)
    return "\n".join(
        [
            *map(str, made),
            "replay them: btc-pipeline run --pipeline-source sample"
            f" --pipeline-recordings {shlex.quote(str(folder))} --pipeline-now {instants.text(instant)}",
        ]
    )


def selftest(configured: Settings) -> str:
    """The faults and what caught them.

    Raises:
        CandleTestError: some were missed; the matrix is printed.
    """
    from btc_pipeline.selftest import model_faults
    from btc_pipeline.selftest import run as injection
    from btc_pipeline.tasks import Transform

    verdicts = injection.run(configured, Transform(date=configured.today()).sources_hash(), model_faults.ALL)
    text, missed = injection.matrix(verdicts), injection.missed(verdicts)
    if missed:
        stdout.tell(text)
        raise CandleTestError(
            f"{len(missed)} of {len(verdicts)} faults were missed: {', '.join(each.fault.name for each in missed)}",
            "mend the check that is named for it",
        )
    return text


def plan(configured: Settings, workspace: Workspace, start: date | None, end: date | None) -> str:
    """What today's run, or a backfill, would cost."""
    from btc_pipeline.commands import plan as planning
    from btc_pipeline.market import days

    now = configured.instant()
    if start is None:
        return planning.as_text(planning.of_run(configured, workspace, now), configured)
    span = days.Span(start, end or days.last_settled(now))
    if span.last < span.first:
        raise ConfigurationError(f"bad --start {start}: it is after --end {span.last}", "change one of them")
    return planning.as_text(planning.of_backfill(configured, workspace, now, span), configured)
