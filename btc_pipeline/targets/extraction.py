"""The target of a day's extraction: each coin in each currency is a checkpoint of its own.

Knows markers and tables. Sends no request, and judges no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import luigi

from btc_pipeline.errors import PipelineError, error_of
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import records
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.marker import Marker


@dataclass(frozen=True)
class Skipped:
    """Why a run skipped a pair: the error's text and exit code, and the run in which it failed."""

    what: str
    fix: str
    exit_code: int
    run: str

    @classmethod
    def by(cls, error: PipelineError, run: str) -> Skipped:
        """From the error of a pair in a run."""
        return cls(error.what, error.fix, error.exit_code, run)

    def error(self) -> PipelineError:
        """The error again."""
        return error_of(self.exit_code)(self.what, self.fix)


class DayRecord:
    """A day's answers: a marked table in the cache, and the record of which pair has which answer in the archive.

    The stamp of the record changes only when extraction starts from scratch. Adding missing pairs keeps it.

    It is complete if each pair has an answer or was skipped in this run. So one failed coin does not stop the others.
    The next run requests only this coin again.

    Args:
        table: the cache's table with its marker row.
        marker: the record; complete if the archived answers are as they were written.
        begun: the file that says that an extraction is under way, and what was there before it.
        pairs: the pairs of the run.
        run: the id of this run.
    """

    def __init__(self, table: DuckDBTarget, marker: Marker, begun: Path, pairs: Sequence[Pair], run: str) -> None:
        self.table = table
        self.marker = marker
        self.begun = begun
        self.pairs = pairs
        self.run = run

    def exists(self) -> bool:
        """Whether it is complete, and as it was written."""
        if not self.table.exists() or not self.marker.exists():
            return False
        skipped_now = {name for name, why in self.skipped().items() if why.run == self.run}
        return {str(pair) for pair in self.pairs} <= set(self.charts()) | skipped_now

    def has(self, pair: Pair) -> bool:
        """Whether the pair has an answer that was not rejected later."""
        return str(pair) in self.charts() and self.table.exists() and self.marker.exists()

    def stamp(self) -> str:
        """Which run made it."""
        return self.table.stamp()

    def charts(self) -> dict[str, str]:
        """The archived market chart of each pair that has one; also of pairs that are no longer in the settings."""
        return dict(self.marker.facts().get("charts", {})) if self.marker.fits() else {}

    def skipped(self) -> dict[str, Skipped]:
        """The pairs without an answer, and why."""
        return {name: Skipped(**why) for name, why in self.marker.facts().get("refused", {}).items()}

    def known(self) -> tuple[dict[str, str], datetime | None]:
        """What is there already, and when an extraction began that was interrupted; None if there is no such one."""
        begun = records.read(self.begun)
        if begun.get("fingerprint") == self.marker.fingerprint:
            return dict(begun["charts"]), datetime.fromisoformat(begun["begun_at"])
        return (self.charts() if self.table.exists() and self.marker.exists() else {}), None

    def begin(self, charts: Mapping[str, str], now: datetime) -> None:
        """Note that an extraction has begun. If it is killed, the next run continues it."""
        begun = records.read(self.begun)
        is_resumed = begun.get("fingerprint") == self.marker.fingerprint
        stamp = begun.get("stamp", "") if is_resumed else self.marker.stamp() if charts else ""
        content = {"fingerprint": self.marker.fingerprint, "charts": dict(charts), "begun_at": now.isoformat()}
        records.write(self.begun, content | {"stamp": stamp})

    def write(self, charts: Mapping[str, str], skipped: Mapping[str, Skipped], made: Sequence[Path]) -> None:
        """Mark the answers complete; mark the table only if an answer is new, so that the later steps stay done."""
        is_new = charts != self.charts() or not self.table.exists()
        self._note(charts, skipped, made, records.read(self.begun).get("stamp", ""))
        if is_new:
            self.table.write()
            self.table.keep_look()
        self.begun.unlink(missing_ok=True)

    def reject(self, pair: Pair, why: Skipped) -> None:
        """Remove the pair's answer from the record: the next run requests it again."""
        charts = {name: file for name, file in self.charts().items() if name != str(pair)}
        self._note(charts, {**self.skipped(), str(pair): why}, self.marker.made(), self.marker.stamp())
        self.begun.unlink(missing_ok=True)

    def _note(
        self, charts: Mapping[str, str], skipped: Mapping[str, Skipped], made: Sequence[Path], stamp: str
    ) -> None:
        facts = {"charts": dict(charts), "refused": {name: asdict(why) for name, why in skipped.items()}}
        self.marker.write(made, facts=facts, stamp=stamp)


class Extraction(luigi.Target):
    """A day's answers, as a target. `day` is their record."""

    def __init__(self, day: DayRecord) -> None:
        self.day = day

    def exists(self) -> bool:
        """Whether the record is complete, and as it was written."""
        return self.day.exists()

    def stamp(self) -> str:
        """Which run made it."""
        return self.day.stamp()


class Answer(luigi.Target):
    """One pair's part of a day's extraction."""

    def __init__(self, day: DayRecord, pair: Pair) -> None:
        self.day = day
        self.pair = pair

    def exists(self) -> bool:
        """Whether the pair has a good answer."""
        return self.day.has(self.pair)

    def stamp(self) -> str:
        """Which run made it."""
        return self.day.stamp()


class History(luigi.Target):
    """The archived answers that cover a span of days. Complete if only those are missing that failed in this run."""

    def __init__(self, record: Marker, run: str) -> None:
        self.record = record
        self.run = run

    def exists(self) -> bool:
        """Whether it is complete, and as it was written."""
        return self.record.exists() and all(why.run == self.run for why in self.uncovered().values())

    def stamp(self) -> str:
        """Which run fetched the newest of the answers."""
        return self.record.stamp()

    def uncovered(self) -> dict[str, Skipped]:
        """Which pairs are not covered, and why."""
        return {name: Skipped(**why) for name, why in self.record.facts().get("refused", {}).items()}

    def write(self, made: Sequence[Path], uncovered: Mapping[str, PipelineError]) -> None:
        """Mark the answers complete. If they are the same as before, the stamp stays."""
        is_same = self.record.exists() and set(self.record.made()) == set(made)
        facts = {"refused": {name: asdict(Skipped.by(error, self.run)) for name, error in uncovered.items()}}
        self.record.write(made, facts, stamp=self.stamp() if is_same else "")
