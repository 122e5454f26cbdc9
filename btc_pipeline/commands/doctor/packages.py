"""Whether what is installed is what is required: by the hash lock of a checkout, or by what the package requires.

Reads the metadata of the installed packages. Imports none of them.
"""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache
from typing import NamedTuple

from btc_pipeline.system.project import PACKAGE

_LOCK_FILE = PACKAGE.parent / "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


class Compared(NamedTuple):
    """The result: what it was compared with, how many packages fit, and which do not, with their versions."""

    required_by: str
    fitting: int
    differing: list[str]


def must_have() -> list[str]:
    """The packages that a run needs on this platform: ours, and those that it requires."""
    return ["btc-pipeline", *_required()]


def missing() -> list[str]:
    """Those of `must_have` that are not installed."""
    return [name for name in must_have() if name not in _installed()]


def compared() -> Compared:
    """Compare the installed versions with the lock, if it is there, else with the requirements of the package."""
    try:
        pinned = _PINNED.findall(_LOCK_FILE.read_text(encoding="utf-8"))
    except OSError:
        return _compared_with_requirements()
    allowed: dict[str, set[str]] = {}
    for name, version in pinned:
        allowed.setdefault(_canonical(name), set()).add(version)  # several: for different Pythons
    there = {name: version for name, version in _installed().items() if name in allowed}
    return _result(_LOCK_FILE.name, there, {name: version in allowed[name] for name, version in there.items()})


def _compared_with_requirements() -> Compared:
    from packaging.specifiers import SpecifierSet

    required = _required()
    there = {name: version for name, version in _installed().items() if name in required}
    fits = {name: SpecifierSet(required[name]).contains(version, prereleases=True) for name, version in there.items()}
    return _result("btc_pipeline", there, fits)


def _result(required_by: str, there: dict[str, str], fits: dict[str, bool]) -> Compared:
    differing = sorted(f"{name} {version}" for name, version in there.items() if not fits[name])
    return Compared(required_by, len(there) - len(differing), differing)


@cache
def _required() -> dict[str, str]:
    """What the package requires on this platform and for no extra: by name, with the versions that it allows."""
    from packaging.requirements import Requirement

    try:
        requirements = [Requirement(each) for each in importlib.metadata.requires("btc_pipeline") or []]
    except importlib.metadata.PackageNotFoundError:
        return {}
    return {
        _canonical(each.name): str(each.specifier)
        for each in requirements
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }


@cache
def _installed() -> dict[str, str]:
    """Each installed package with its version; of two with one name the one that Python imports."""
    found: dict[str, str] = {}
    for each in importlib.metadata.distributions():
        if name := each.metadata["Name"]:  # without: its folder is damaged
            found.setdefault(_canonical(name), each.version)
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
