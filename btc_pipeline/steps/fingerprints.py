"""Fingerprints of what makes a step's output: code, files of the dbt project, versions of packages.

The list of the code files is `step_sources.json`; `make sources` derives it from the imports. Reads the project's
own files.
"""

from __future__ import annotations

import glob
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from btc_pipeline.system import digest
from btc_pipeline.system.project import DBT_PROJECT, PACKAGE

_VERSION = re.compile(r"^Version: (\S+)", re.MULTILINE)

LIST = Path(__file__).with_name("step_sources.json")


class Sources(TypedDict):
    """Names of files, relative to the folder of the package. Those in `sample` count for sample data only."""

    always: list[str]
    sample: list[str]


@cache
def of_code(step: str, *, is_sample: bool) -> str:
    """The hash of the code that makes a step's output, by name and content."""
    listed = _listed()[step]
    names = [*listed["always"], *(listed["sample"] if is_sample else ())]
    return digest.of(*((name, _hash_of(f"{PACKAGE.parent}/{name}")) for name in names))


@cache
def of_data(patterns: Sequence[str]) -> str:
    """The hash of the dbt project's files that match the glob patterns, by name and content.

    Raises:
        FileNotFoundError: nothing matches one of them.
    """
    found = {pattern: _matching(pattern) for pattern in patterns}
    if empty := [pattern for pattern, names in found.items() if not names]:
        raise FileNotFoundError(f"the project is not whole: nothing matches {', '.join(empty)} in {DBT_PROJECT}")
    names = sorted({name for each in found.values() for name in each})
    return digest.of(*((name, _hash_of(f"{DBT_PROJECT}/{name}")) for name in names))


@cache
def of_packages(names: Sequence[str]) -> str:
    """The installed versions of packages, e.g. `duckdb==1.4.3`; `-` if a package is not installed."""
    return " ".join(f"{name}=={_version(name)}" for name in names)


@cache
def _listed() -> dict[str, Sources]:
    listed: dict[str, Sources] = json.loads(LIST.read_bytes())
    return listed


def _version(package: str) -> str:
    """What `metadata.version` returns, five times as fast: that function parses all the metadata of a package."""
    try:
        found = _VERSION.search(metadata.distribution(package).read_text("METADATA") or "")
    except metadata.PackageNotFoundError:
        return "-"
    return found[1] if found else "-"


@cache
def _matching(pattern: str) -> Sequence[str]:
    """The files of the dbt project that match, by their names in it; `glob` takes half the time of `Path.glob`."""
    found = glob.glob(pattern, root_dir=DBT_PROJECT, recursive=True)  # noqa: PTH207
    return [Path(name).as_posix() for name in found if Path(DBT_PROJECT, name).is_file()]


@cache
def _hash_of(path: str) -> str:
    """The hash of the content, as it was when this process first asked: what it has imported does not change later."""
    try:
        with Path(path).open("rb", buffering=0) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        raise FileNotFoundError(f"the project is not whole: {path} is missing") from None
