"""The pipeline with source=live, against an API on loopback that answers as a test says.

The API is the project's replay server with faults; here is only what binds it to the command line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e.command_line import NOW, Pipeline
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.patience import PATIENCE

SHORT_WAITS = (
    *("--coingecko-timeout-seconds", "5", "--coingecko-retries", "1"),
    *("--coingecko-max-wait-seconds", "5", "--coingecko-deadline-seconds", "300"),
    *("--coingecko-calls-a-minute", "1000"),
)
INSTANT = datetime.fromisoformat(NOW.replace("Z", "+00:00"))


class Asked(NamedTuple):
    """A GET for prices: of which coin, in which currency, from which unix second on."""

    coin_id: str
    vs_currency: str
    start: int

    @classmethod
    def of(cls, path: str) -> Asked:
        """From path and query."""
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        coin_id = parts.path.removeprefix("/api/v3/coins/").partition("/")[0]
        return cls(coin_id, query["vs_currency"][0], int(query["from"][0]))


class Api(FaultyServer):
    """An API whose GETs for prices are answered by a function of their number; it knows when each came.

    With `of_coin` they are answered by a function of what is asked instead. Those for anything else (5-minute points,
    the second opinion, lists of names) are answered by a function of their path, without one truly.
    """

    def __init__(
        self,
        answer: Callable[[int], FaultAnswer | None],
        opinion: Callable[[str], FaultAnswer | None] = lambda path: None,
        extra: Callable[[str], FaultAnswer | None] = lambda path: None,
        now: datetime = INSTANT,
        of_coin: Callable[[Asked], FaultAnswer | None] | None = None,
    ) -> None:
        self.came_at: list[float] = []
        self.asked: list[Asked] = []
        self.opinions_asked: list[str] = []
        self.extras_asked: list[str] = []

        def on_request(path: str, number: int) -> FaultAnswer | None:
            if "/market_chart/range?" not in path:
                if "/ohlc?" in path:
                    self.opinions_asked.append(path)
                    return opinion(path)
                self.extras_asked.append(path)
                return extra(path)
            self.came_at.append(time.monotonic())
            self.asked.append(Asked.of(path))
            return of_coin(self.asked[-1]) if of_coin else answer(len(self.came_at))

        super().__init__(synthetic, on_request, now)

    def travel_to(self, now: datetime) -> None:
        """From here on answer as of this instant."""
        self._fixed_now = now

    def wait_for_a_request(self) -> None:
        """Return when the first GET is there."""
        give_up_at = time.monotonic() + PATIENCE
        while not self.came_at:
            assert time.monotonic() < give_up_at, "no request came"
            time.sleep(0.01)


def live(data_dir: Path, api: Api, *options: str) -> Pipeline:
    """The pipeline that asks this API, with short waits."""
    source = ("--pipeline-source", "live", "--coingecko-base-url", api.base_url)
    return Pipeline(data_dir, (*source, *SHORT_WAITS, *options))


def always(**fault: Any) -> Callable[[int], FaultAnswer | None]:
    """Each request gets this."""
    return lambda number: FaultAnswer(**fault)


def once(**fault: Any) -> Callable[[int], FaultAnswer | None]:
    """The first request gets this, the others the true answer."""
    return lambda number: FaultAnswer(**fault) if number == 1 else None


def truly(number: int) -> None:
    """Each request gets the true answer."""


def good_chart(coin_id: str = "bitcoin") -> dict[str, list[list[Any]]]:
    """The true answer to a run's request, to be spoilt."""
    midnight = INSTANT.replace(hour=0, minute=0, second=0)
    return synthetic.market_chart(coin_id, "usd", midnight - timedelta(days=7), INSTANT, INSTANT)


def spoilt(change: Callable[[list[list[Any]]], object], coin_id: str = "bitcoin") -> bytes:
    """The true answer with prices that were changed in place."""
    chart = good_chart(coin_id)
    change(chart["prices"])
    return json.dumps(chart).encode()
