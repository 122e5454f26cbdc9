"""The doctor's check of luigid: is Luigi's central scheduler there, if luigi.cfg names one?"""

from __future__ import annotations

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.errors import ConfigurationError, SchedulerError
from btc_pipeline.settings import scheduler
from btc_pipeline.steps import luigid as central


def luigid() -> Check:
    """Whether luigid answers where luigi.cfg says that it is."""
    try:
        address = scheduler.address()
    except ValueError as error:
        reason = error.__cause__ or error.__context__ or error  # Luigi wraps what its parser says
        return Check("luigid", "failed", f"[core] of luigi.cfg has a bad value: {reason}", "correct it")
    if not address:
        return Check("luigid", "ok", "none is configured: luigi takes --local-scheduler")
    if address.startswith("http+unix:"):
        return Check("luigid", "ok", "one is configured; not asked, for it has no address of HTTP")
    try:
        central.check(address)
    except ConfigurationError as error:
        return Check("luigid", "failed", error.what, error.fix)
    if missing := central.why_not(address):
        facts = f"luigi.cfg names {central.shown(address)}, where no luigid answers: {missing}"
        return Check("luigid", "failed", facts, central.START, SchedulerError.exit_code)
    return Check("luigid", "ok", f"answers at {central.shown(address)}")
