"""The marker of a finished step: a JSON file that lists what the step made.

It holds the step's fingerprint (what the output was made from) and a stamp (which run made it), and proves itself whole
(`system/records.py`): neither a checksum nor a fact counts that was damaged or edited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import luigi

from btc_pipeline.system import file_state, files, records
from btc_pipeline.targets.stamp import new_stamp

FORMAT = 2
_WITHOUT_PROOF = {"format", "fingerprint", "stamp", "files", "states", "facts"}
"""The keys of a marker of format 1."""


class Marker(luigi.Target):
    """A JSON file with the checksums of files, and the fingerprint of what made them.

    Args:
        path: the marker.
        fingerprint: what it must have been written for.
        root: the folder that the files' names are relative to.
    """

    def __init__(self, path: Path, fingerprint: str, root: Path) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.root = root

    def exists(self) -> bool:
        """Whether the marker fits, and each file is as it was written: by its state, or else by its checksum."""
        return self._holds(self._read().get("states", {}))

    def is_proved(self) -> bool:
        """As `exists`, but each file is read, and its checksum compared."""
        return self._holds({})

    def _holds(self, states: Mapping[str, object]) -> bool:
        """Whether the marker fits, and each file has its state, of those that are given, or its checksum."""
        marker = self._read()
        return marker.get("fingerprint") == self.fingerprint and all(
            (name in states and states[name] == file_state.of(self.root / name))
            or _is_intact(self.root / name, checksum)
            for name, checksum in marker["files"].items()
        )

    def stamp(self) -> str:
        """Which run wrote it; empty if there is no valid marker."""
        return str(self._read().get("stamp", ""))

    def fits(self) -> bool:
        """Whether the marker exists, with this format and fingerprint. Does not read the files."""
        return self._read().get("fingerprint") == self.fingerprint

    def facts(self) -> dict[str, Any]:
        """The facts that the step has stored."""
        return dict(self._read().get("facts", {}))

    def made(self) -> list[Path]:
        """The files that it lists."""
        return [self.root / name for name in self._read().get("files", {})]

    def checksum(self, path: Path) -> str:
        """The checksum of a file that it lists; empty if it does not list it. One of an earlier version counts too."""
        marker = self._read() or records.read(self.path, _WITHOUT_PROOF)
        return str(marker.get("files", {}).get(self._name(path), ""))

    def write(self, made: Sequence[Path] = (), facts: Mapping[str, Any] | None = None, stamp: str = "") -> None:
        """Mark the files complete: the last write of a step. With an old stamp the later steps stay done."""
        states = {self._name(path): file_state.settled(path) for path in made}  # first: a later write changes it
        checksums = {self._name(path): files.sha256(path) for path in made}
        records.write(
            self.path,
            {
                "format": FORMAT,
                "fingerprint": self.fingerprint,
                "stamp": stamp or new_stamp(),
                "files": checksums,
                "states": {name: state for name, state in states.items() if state},
                "facts": dict(facts or {}),
            },
        )

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _read(self) -> dict[str, Any]:
        marker = records.read(self.path)
        return marker if marker.get("format") == FORMAT else {}


def _is_intact(path: Path, checksum: str) -> bool:
    try:
        return files.sha256(path) == checksum
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, files.IrregularFileError, ValueError):
        return False
