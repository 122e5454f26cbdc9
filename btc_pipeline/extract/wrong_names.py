"""Requests that need not be sent: CoinGecko's list of names is there, and the coin or currency is not in it.

A pair with an answer in the archive is always requested: CoinGecko has known it. Reads the kept lists and the archive.
"""

from __future__ import annotations

from collections.abc import Sequence

from btc_pipeline.coingecko import coin_names
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import ExtractionError
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.workspace import Workspace

Refused = list[tuple[raw_archive.Request, ExtractionError]]


def set_aside(
    workspace: Workspace, wanted: Sequence[raw_archive.Request]
) -> tuple[Sequence[raw_archive.Request], Refused]:
    """The requests that are to be sent, and those for prices that are not, each with its error."""
    pairs = dict.fromkeys(request.pair for request in wanted)
    errors = {pair: error for pair in pairs if (error := _error_of(workspace, pair))}
    kept = [request for request in wanted if request.pair not in errors]
    of_prices = [request for request in wanted if request.stream == MARKET_CHART]
    return kept, [(request, errors[request.pair]) for request in of_prices if request.pair in errors]


def _error_of(workspace: Workspace, pair: Pair) -> ExtractionError | None:
    wrong = coin_names.wrong(workspace.names, pair)
    if not wrong or raw_archive.of_pair(workspace.raw, MARKET_CHART, *pair):
        return None
    return ExtractionError(
        f"{pair} is not requested: {wrong.what}",
        f"correct [pipeline] {wrong.setting}; if the name is new, remove {wrong.list_}",
    )
