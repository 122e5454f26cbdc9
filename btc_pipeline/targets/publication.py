"""The published file as a target: each run's marker, and the checksum of the file that was published last.

Never opens the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import luigi

from btc_pipeline.targets.marker import Marker

NEWEST = "published"
"""The fingerprint of the marker with the checksum of the file that was published last."""


class Publication(luigi.Target):
    """The readers' file. Each day's marker says that its run was published; the file's checksum is in another marker.

    So a day stays done if a later day is published. If the file is damaged, no day is done.
    """

    def __init__(self, marker: Marker, published: Path, newest: Path) -> None:
        self.marker = marker
        self.published = published
        self.newest = newest

    def exists(self) -> bool:
        """Whether this run was published, and nobody has changed the file since its last publication."""
        is_written_to = self.published.with_name(self.published.name + ".wal").exists()
        return self.marker.exists() and self._newest().exists() and not is_written_to

    def stamp(self) -> str:
        """Which run published."""
        return self.marker.stamp()

    def write(self, facts: Mapping[str, Any], made: Sequence[Path] = ()) -> None:
        """Mark the new file complete, then this run and the other files that it has made."""
        self._newest().write(made=[self.published], facts=facts)
        self.marker.write(made, facts)

    def _newest(self) -> Marker:
        return Marker(self.newest, NEWEST, self.published.parent)
