"""CoinGecko's plans: who serves each, which header its key goes into, and how many calls it allows.

Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class ApiPlan(NamedTuple):
    """What CoinGecko offers under a plan."""

    host: str
    key_header: str
    """Empty: the plan needs no key."""
    calls_a_minute: int
    calls_a_month: int
    """0: without a limit."""

    @property
    def base_url(self) -> str:
        """The root of the plan's API."""
        return f"https://{self.host}/api/v3"


KEYLESS = "keyless"
"""The plan of those who choose none."""

PLANS = {
    KEYLESS: ApiPlan("api.coingecko.com", "", 5, 0),
    "demo": ApiPlan("api.coingecko.com", "x-cg-demo-api-key", 30, 10_000),
    "pro": ApiPlan("pro-api.coingecko.com", "x-cg-pro-api-key", 250, 500_000),
}


def each(fact: Callable[[ApiPlan], object]) -> dict[str, str]:
    """A fact of each plan, as luigi.cfg would have it."""
    return {name: str(fact(plan)) for name, plan in PLANS.items()}
