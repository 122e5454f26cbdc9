"""The streams that a run requests, one row for each, and the lists of names that explain an unknown id.

docs/extending.md has the recipe to add one. Values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MARKET_CHART = "market_chart"
CHART_5M = "market_chart_5m"
OHLC = "ohlc"

Shape = Literal["chart", "candles"]


@dataclass(frozen=True)
class Stream:
    """What is known about a stream before the first request."""

    path: str
    """The end of its URL's path."""
    what: str
    """What its answers hold, in words for a person."""
    granularity: str
    """How far its points or candles lie apart."""
    shape: Shape
    """How an answer is read and checked: `chart` is an object of three arrays, `candles` an array of OHLC rows."""
    raw_table: str
    """The table of dbt's database that its answers are loaded into."""
    is_needed: bool = False
    """Whether a run needs it; a stream that is not needed is requested once, and the run goes on without it."""
    is_range: bool = False
    """Whether it is requested from an instant to another; if not, for some days up to now."""


STREAMS = {
    MARKET_CHART: Stream(
        path="/market_chart/range",
        what="prices",
        granularity="hourly",
        shape="chart",
        raw_table="raw.market_chart",
        is_needed=True,
        is_range=True,
    ),
    CHART_5M: Stream(
        path="/market_chart",
        what="5-minute points",
        granularity="5-minute",
        shape="chart",
        raw_table="raw.market_chart",
    ),
    OHLC: Stream(
        path="/ohlc",
        what="a second opinion",
        granularity="4-hour candles",
        shape="candles",
        raw_table="raw.ohlc",
    ),
}
"""By name, in the order of the requests: the prices matter most if the budget is spent.

The name is that of the Airbyte stream and of the archive's folder.
"""

COINS = "coins_list"
CURRENCIES = "supported_vs_currencies"

LISTS = {COINS: "/coins/list", CURRENCIES: "/supported_vs_currencies"}
"""The lists of names, and the ends of their URLs' paths."""


def of_path(path: str) -> str:
    """The name of the stream, or of the list, that belongs to a URL's path."""
    ends = {stream.path: name for name, stream in STREAMS.items()} | {end: name for name, end in LISTS.items()}
    return next(name for end, name in ends.items() if path.endswith(end))


def of_table(table: str) -> tuple[str, ...]:
    """The streams whose answers are loaded into a table."""
    return tuple(name for name, stream in STREAMS.items() if stream.raw_table == table)
