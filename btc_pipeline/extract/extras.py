"""The answers beside the hourly prices: the 5-minute points and CoinGecko's own candles. A bad one is requested again.

CoinGecko has 5-minute points for the last day only, so a later run could not make good for it. A second bad answer is
no error: the hourly prices make the candles. Knows where answers lie; `verify/` says what a good one is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from btc_pipeline.coingecko.streams import CHART_5M, MARKET_CHART, OHLC
from btc_pipeline.errors import ExtractionError
from btc_pipeline.extract import fetch, requests
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.observe import log
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.child_process import Progress
from btc_pipeline.verify import gate, stored

_NAMES = {CHART_5M: "5-minute points", OHLC: "own candles"}


def request_bad_ones_again(
    settings: Settings, workspace: Workspace, day: date, fetched: fetch.Fetched, progress: Progress
) -> fetch.Fetched | None:
    """Request each answer beside the hourly prices that is bad once more; None if there is none.

    What is bad again, or cannot be had, is a warning: the prices are there.
    """
    bad = _bad(settings, workspace, fetched.answers)
    if not bad:
        return None
    for entry, why in bad:
        _warn(entry, f"are bad, and are requested again: {why}")
    places = {(entry.request.pair, entry.request.stream) for entry, _ in bad}
    pairs = dict.fromkeys(entry.request.pair for entry, _ in bad)
    wanted = [
        each for each in requests.of_run(settings, day, settings.instant(), pairs) if (each.pair, each.stream) in places
    ]
    try:
        again = fetch.fetch(settings, workspace, wanted, progress=progress)
    except ExtractionError as error:
        log.warning("ExtractAndLoad goes on without them: %s", error)
        return None
    for entry, why in _bad(settings, workspace, again.answers):
        _warn(entry, f"are bad again, and this run does without them: {why}")
    return again


def _warn(entry: raw_archive.Entry, what: str) -> None:
    log.warning("ExtractAndLoad CoinGecko's %s of %s %s", _NAMES[entry.request.stream], entry.request.pair, what)


def _bad(
    settings: Settings, workspace: Workspace, entries: Iterable[raw_archive.Entry]
) -> list[tuple[raw_archive.Entry, str]]:
    """The bad answers, and why; a day before the coin was listed may be empty."""
    ledger = exceptions.read(workspace.raw)
    rules = stored.Rules(repeat_hours=settings.repeat_hours, jump_factor=gate.IMPOSSIBLE_FACTOR)
    found = []
    for entry in entries:
        if entry.request.stream == MARKET_CHART:
            continue
        try:
            stored.check_granularity(stored.judge(workspace.raw, entry, ledger, rules, takes_empty=True))
        except (gate.BadAnswerError, raw_archive.DamagedAnswerError) as error:
            found.append((entry, str(error)))
    return found
