"""A coin and the currency of its prices. Each series, candle and chart belongs to one pair.

Imports nothing of the project.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """CoinGecko's ids of both, e.g. `bitcoin` and `usd`."""

    coin_id: str
    vs_currency: str

    @classmethod
    def of(cls, name: str) -> Pair:
        """From its name, e.g. `bitcoin/usd`."""
        coin_id, vs_currency = name.split("/")
        return cls(coin_id, vs_currency)

    def __str__(self) -> str:
        return f"{self.coin_id}/{self.vs_currency}"
