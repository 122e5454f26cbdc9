"""Fingerprints: what a step's output was made from, as one hash.

Pure, apart from reading the project's own source files, and which versions of packages are installed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from btc_pipeline.system import digest
from btc_pipeline.system.project import DBT_PROJECT, PACKAGE

_FOLDERS = {"btc_pipeline": PACKAGE, "dbt_project": DBT_PROJECT}
_VERSION = re.compile(r"^Version: (\S+)", re.MULTILINE)


@cache
def of_sources(patterns: tuple[str, ...]) -> str:
    """The hash of the project's files that match the glob patterns, by name and content.

    A name begins with `btc_pipeline/` or `dbt_project/`, wherever that folder lies: a checkout, a copy of it and an
    installed wheel with the same files have the same hash.
    """
    return digest.of(*((name, _hash(path)) for name, path in sorted(_matching(patterns).items())))


@cache
def versions_of(packages: tuple[str, ...]) -> str:
    """The installed versions of these packages, as one text; of one that is not installed `-`."""
    return ", ".join(f"{package} {_version(package)}" for package in packages)


def _matching(patterns: Iterable[str]) -> dict[str, Path]:
    found = {pattern: dict(_named(pattern)) for pattern in patterns}
    empty = [pattern for pattern, paths in found.items() if not paths]
    if empty:
        raise FileNotFoundError(f"the project is not whole: nothing matches {', '.join(empty)} in {PACKAGE.parent}")
    return {name: path for paths in found.values() for name, path in paths.items()}


def _named(pattern: str) -> Iterator[tuple[str, Path]]:
    top, _, below = pattern.partition("/")
    folder = _FOLDERS[top]
    for path in folder.glob(below):
        if path.is_file():
            yield f"{top}/{path.relative_to(folder).as_posix()}", path


def _version(package: str) -> str:
    """As `metadata.version` has it, which takes five times as long: it parses all that a package says of itself."""
    try:
        found = _VERSION.search(metadata.distribution(package).read_text("METADATA") or "")
    except metadata.PackageNotFoundError:
        return "-"
    return found[1] if found else "-"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
