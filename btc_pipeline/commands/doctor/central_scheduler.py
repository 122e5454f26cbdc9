"""The doctor's check of luigid: is Luigi's central scheduler there, if luigi.cfg names one?"""

from __future__ import annotations

import http.client
import json
import urllib.request
from urllib.parse import urlsplit

from btc_pipeline.commands.doctor.check import Check
from btc_pipeline.settings import scheduler

_SECONDS = 3.0
_START = "start it (luigid --address 127.0.0.1), or run luigi with --local-scheduler"


def luigid() -> Check:
    """Whether luigid answers where luigi.cfg says that it is."""
    try:
        address = scheduler.address()
    except ValueError as error:
        reason = error.__cause__ or error.__context__ or error  # Luigi wraps what its parser says
        return Check("luigid", "failed", f"[core] of luigi.cfg has a bad value: {reason}", "correct it")
    if not address:
        return Check("luigid", "ok", "none is configured: luigi takes --local-scheduler")
    shown = _without_user(address)
    if urlsplit(address).scheme not in {"http", "https"}:
        return Check("luigid", "ok", f"{shown} is configured; not asked, for it has no address of HTTP")
    try:
        with urllib.request.urlopen(f"{address}/api/resource_list", timeout=_SECONDS) as response:
            is_luigi = "response" in json.loads(response.read(10_000_000))
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason)
        return Check("luigid", "failed", f"luigi.cfg names {shown}, where no luigid answers: {said}", _START)
    if not is_luigi:
        return Check("luigid", "failed", f"what answers at {shown} is no luigid", "correct [core] of luigi.cfg")
    return Check("luigid", "ok", f"answers at {shown}")


def _without_user(address: str) -> str:
    """An address without the user and the password that it may have."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
