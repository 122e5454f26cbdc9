"""JSON files of ours that prove themselves whole: each holds a hash of its own content, so any change of it is found.

    {"a": 1, …, "proof": "sha256 of all the rest"}

Markers, journals, results of tests and the like. A file that was damaged or edited is as good as none: what was made
from it is made again. Answers of the API, manifests and the two ledgers have proofs of their own kind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from btc_pipeline.system import files

_PROOF = "proof"


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a record, atomically.

    Args:
        path: the file.
        content: what JSON has; without a key `proof`.
    """
    plain = json.loads(json.dumps(content))
    text = json.dumps(plain | {_PROOF: _proof(plain)}, indent=1, sort_keys=True)
    files.write(path, f"{text}\n".encode())


def read(path: Path, unproved: Set[str] = frozenset()) -> dict[str, Any]:
    """A record without its proof; empty if there is none, or if it is not as it was written.

    Args:
        path: the file.
        unproved: the keys of a record that an earlier version of this project wrote without a proof, if it counts.
    """
    content = files.read_json(path)
    proof = content.pop(_PROOF, None)
    is_whole = content.keys() == unproved if proof is None else proof == _proof(content)
    return content if is_whole else {}


def _proof(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
