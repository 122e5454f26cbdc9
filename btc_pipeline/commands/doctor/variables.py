"""The doctor's check of the variables of the environment: which of them change a run? It shows names and no values."""

from __future__ import annotations

from btc_pipeline.coingecko import network_variables
from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.settings.values import Settings
from btc_pipeline.system import start


def variables(configured: Settings) -> Check:
    """Whether one keeps a command from its work, and which ones say how CoinGecko is reached."""
    faults = list(start.variables())
    if faults:
        return Check(
            "variables", "failed", "; ".join(each.what for each in faults), "; ".join(each.fix for each in faults)
        )
    used = [] if configured.is_sample else network_variables.used(configured.base_url)
    if used:
        return Check("variables", "ok", f"CoinGecko is reached as {' and '.join(used)} {_SAY[len(used) > 1]}")
    return Check("variables", "ok", "none changes a run")


_SAY = ("says", "say")
