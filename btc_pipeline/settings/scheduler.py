"""Where Luigi's central scheduler is, if luigi.cfg names one. The section `[core]` is Luigi's own."""

from __future__ import annotations

import warnings

import luigi
from luigi.interface import core

_KEYS = tuple(f"{prefix}scheduler_{part}" for prefix in ("default_", "") for part in ("host", "port", "url"))
"""The keys that name it. Luigi takes them with dashes too."""


def address() -> str:
    """The address of luigid without a slash at its end; empty if none is configured, or if the local one is to be used.

    Raises:
        ValueError: a value in `[core]` is bad.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Luigi's own, about keys that Luigi itself documents
        parser = luigi.configuration.get_config()
        if not any(parser.has_option("core", name) for name in _KEYS):
            return ""
        configured = core()
    if configured.local_scheduler:
        return ""
    url = configured.scheduler_url or f"http://{configured.scheduler_host}:{configured.scheduler_port}"
    return str(url).rstrip("/")
