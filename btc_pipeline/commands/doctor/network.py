"""The doctor's checks of the way to CoinGecko: the key, the variables of the network, the API, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from btc_pipeline.coingecko import network_variables, ping
from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.errors import ConfigurationError, ExtractionError, PipelineError
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace

_PROBE_SECONDS = 3.0
_CLOCK_SECONDS = 60
_EXTRACTION = ExtractionError.exit_code


def key(configured: Settings) -> Check:
    """Whether the key can be read, if the plan needs one."""
    if configured.is_sample or configured.plan == "keyless":
        return Check("key", "ok", f"none is needed: {'sample data' if configured.is_sample else 'plan keyless'}")
    try:
        configured.api_key()
    except PipelineError as error:
        return Check("key", "failed", error.what, error.fix)
    place = configured.api_key_file or "the environment"
    return Check("key", "ok", f"plan {configured.plan}, a key in {place}, for its owner only")


def api_and_clock(configured: Settings, workspace: Workspace) -> Iterator[Check]:
    """The API, and the clock, compared with the date in the API's answer."""
    if configured.is_sample:
        yield Check("API", "ok", "not called: sample data")
        yield Check("clock", "ok", "not checked: sample data")
        return
    try:
        network_variables.check(configured.base_url)
    except ConfigurationError as error:
        yield Check("network", "failed", error.what, error.fix)
        return
    reached = ping.reach(configured.base_url, _PROBE_SECONDS)
    if isinstance(reached, ping.NotReached):
        facts = f"{configured.base_url} does not answer: {reached.reason}"
        yield Check("API", "failed", facts, f"{reached.fix}; offline: --pipeline-source sample", _EXTRACTION)
    elif ping.enter(configured.base_url, configured.plan, workspace.calls):
        yield Check("API", "ok", f"{configured.base_url} answers")
    else:
        facts = f"{configured.base_url} answers, but the call ledger was damaged; it counts from 0 again"
        yield Check("API", "warning", facts)
    if isinstance(reached, ping.NotReached) or reached.date is None:
        yield Check("clock", "warning", "not checked: no answer had a date")
        return
    off = (datetime.now(timezone.utc) - reached.date).total_seconds()
    if abs(off) > _CLOCK_SECONDS:
        yield Check("clock", "failed", f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'}", "set it, e.g. by NTP")
    else:
        yield Check("clock", "ok", f"within {_CLOCK_SECONDS} s of the API's")
