"""The text of a manifest: JSON of one layout, with a proof, a hash of its own content. So any change of it is found.

Knows the format, but not what a request is, nor where files lie.

    {"format": 2, "file": …, "sha256": …, "request": {…}, "proof": …}

Format 1 had no proof; `raw_archive` says how far such a manifest is proven by its place and by its name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 2
_WITHOUT_PROOF = 1

_SHA256 = re.compile("[0-9a-f]{64}")


class ManifestError(Exception):
    """A manifest cannot be used; the message says why."""


class NewerManifestError(ManifestError):
    """A newer version of this project has written it."""


@dataclass(frozen=True)
class Manifest:
    """What a manifest says: the archived file, its checksum, the request as text, and whether its proof was checked."""

    file: str
    sha256: str
    request: Mapping[str, str]
    is_proven: bool


def written(file: str, sha256: str, request: Mapping[str, str]) -> bytes:
    """The text of a manifest."""
    content = {"file": file, "sha256": sha256, "request": dict(request)}
    return _laid_out({"format": FORMAT, **content, "proof": _proof(content)})


def read(text: bytes) -> Manifest:
    """What a manifest says.

    Raises:
        NewerManifestError: it has a newer format.
        ManifestError: it is not, byte for byte, what this project writes.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ManifestError("it is not JSON" if text else "it is empty") from None
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise ManifestError("it names no format")
    proven = {name: content.get(name) for name in ("file", "sha256", "request")}
    is_proven = content.get("proof") == _proof(proven)
    if content["format"] > FORMAT and not is_proven:
        raise NewerManifestError(f"a newer version of this project has written it, in format {content['format']}")
    if text != _laid_out(content):  # such as a key that is there twice: JSON takes the last one
        raise ManifestError("its layout is not that of the archive")
    if not is_proven and content["format"] != _WITHOUT_PROOF:
        raise ManifestError("its content does not match its proof")
    named = {"format", *proven, *(["proof"] if is_proven else [])}
    if content["format"] != (FORMAT if is_proven else _WITHOUT_PROOF) or content.keys() != named:
        raise ManifestError("its keys are not those of its format")
    file, sha256, request = proven.values()
    if not isinstance(file, str) or not isinstance(request, dict) or not all(map(_is_text, request.values())):
        raise ManifestError("it names no file, or no request")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ManifestError("its checksum of the answer is none")
    return Manifest(file, sha256, request, is_proven)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _laid_out(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


def _proof(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
