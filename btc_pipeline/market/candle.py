"""The daily candle as readers of `daily_candlestick` see it: a value for the chart and the report.

Holds no logic and imports nothing but the standard library.
"""

import datetime
from dataclasses import dataclass
from typing import Literal

CandleStatus = Literal["open", "provisional", "final"]
"""`open`: the day is not over. `provisional`: over, but not settled, badly covered or doubted. `final`: the rest."""


@dataclass(frozen=True)
class Candle:
    """One coin in one currency on one UTC day, with its certificate.

    Prices are in `vs_currency` per coin, positive and finite, with low <= open, close <= high.
    """

    coin_id: str
    """CoinGecko's id, for example `bitcoin`."""
    vs_currency: str
    """CoinGecko's currency code, in lower case, for example `usd`."""
    date: datetime.date
    """The UTC day, from 00:00 to 24:00."""
    open: float
    high: float
    low: float
    close: float
    volume_24h: float | None
    """The day's last value of the rolling 24 h volume, in `vs_currency`; never a sum. None if unknown."""
    status: CandleStatus
    coverage: float
    """Points seen divided by points expected, 0 to 1; of an open day: of the part that is over."""
    points: int
    """How many points the candle is made of."""
    last_point_at: datetime.datetime
    """The instant of the last point, UTC, with its time zone."""
    doubts: tuple[str, ...] = ()
    """What speaks against the candle, as words; such a candle is not final."""

    @property
    def standing(self) -> str:
        """The status in words, with the doubts: `final`, `provisional: edge, series_differ`."""
        return f"{self.status}: {', '.join(self.doubts)}" if self.doubts else self.status
