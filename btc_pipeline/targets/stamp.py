"""The run stamp: a new id for each build of an output.

Imports nothing of the project.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timezone


def new_stamp() -> str:
    """A stamp for a step that ends now: the UTC instant, and a few random digits."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"
