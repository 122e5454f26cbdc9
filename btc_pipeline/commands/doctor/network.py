"""The doctor's checks of the way to CoinGecko: the key, the variables of the network, the API."""

from __future__ import annotations

from collections.abc import Iterator

from btc_pipeline.coingecko import network_variables, ping
from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.commands.doctor.clock import by_clock
from btc_pipeline.errors import ConfigurationError, ExtractionError, PipelineError
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace

_PROBE_SECONDS = 3.0
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
    """The variables of the network or the API, and the clock, compared with the time in the API's answer."""
    if configured.is_sample:
        yield Check("API", "ok", "not called: sample data")
        yield by_clock(None, workspace)
        return
    try:
        network_variables.check(configured.base_url)
    except ConfigurationError as error:
        yield Check("API", "failed", f"not called: {error.what}", error.fix)
        yield by_clock(None, workspace)
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
    yield by_clock(reached.date if isinstance(reached, ping.Reached) else None, workspace)
