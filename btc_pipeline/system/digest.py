"""One hash of plain values: what a fingerprint is made of.

Imports nothing of the project.
"""

from __future__ import annotations

import hashlib
import json


def of(*parts: object) -> str:
    """The hash of plain values; order counts."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
