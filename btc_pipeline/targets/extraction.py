"""The target of a day's extraction: each coin in each currency is a checkpoint of its own.

Knows markers and tables; asks nobody, and judges no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import luigi

from btc_pipeline.errors import PipelineError, error_of
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import files
from btc_pipeline.system.files import read_json
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.marker import Marker


@dataclass(frozen=True)
class Refused:
    """Why a pair has no good answer: the error's words and exit code, and which run was told so."""

    what: str
    fix: str
    exit_code: int
    run: str

    @classmethod
    def by(cls, error: PipelineError, run: str) -> Refused:
        """From the error that a pair met in a run."""
        return cls(error.what, error.fix, error.exit_code, run)

    def error(self) -> PipelineError:
        """The error again."""
        return error_of(self.exit_code)(self.what, self.fix)


class DayRecord:
    """A day's answers: a marked table in the cache, and the record of which pair has which answer in the archive.

    Its record keeps its stamp for as long as runs go on from what is there, and has a new one when they begin anew.

    It is complete when each pair has an answer or was refused in this very run: so one coin's failure stops no other
    coin, and the next run asks for that coin again, and for no other.

    Args:
        table: the cache's table with its marker row.
        marker: vouches for the archived answers.
        begun: the file that says that an extraction is under way, and what was there before it.
        pairs: what is wanted.
        run: tells this run from all others.
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
        refused_now = {name for name, why in self.refused().items() if why.run == self.run}
        return {str(pair) for pair in self.pairs} <= set(self.charts()) | refused_now

    def has(self, pair: Pair) -> bool:
        """Whether the pair has an answer that was not refused since."""
        return str(pair) in self.charts() and self.table.exists() and self.marker.exists()

    def stamp(self) -> str:
        """Which run made it."""
        return self.table.stamp()

    def charts(self) -> dict[str, str]:
        """The archived market chart of each pair that has one; of those that are not wanted any more, too."""
        return dict(self.marker.facts().get("charts", {})) if self.marker.vouches() else {}

    def refused(self) -> dict[str, Refused]:
        """Why others have none."""
        return {name: Refused(**why) for name, why in self.marker.facts().get("refused", {}).items()}

    def known(self) -> tuple[dict[str, str], datetime | None]:
        """What need not be asked for, and since when an extraction that was cut short has been under way."""
        begun = read_json(self.begun)
        if begun.get("fingerprint") == self.marker.fingerprint:
            return dict(begun["charts"]), datetime.fromisoformat(begun["begun_at"])
        return (self.charts() if self.table.exists() and self.marker.exists() else {}), None

    def begin(self, charts: Mapping[str, str], now: datetime) -> None:
        """Note that an extraction is under way: a run after a kill goes on from here."""
        begun = read_json(self.begun)
        is_resumed = begun.get("fingerprint") == self.marker.fingerprint
        stamp = begun.get("stamp", "") if is_resumed else self.marker.stamp() if charts else ""
        content = {"fingerprint": self.marker.fingerprint, "charts": dict(charts), "begun_at": now.isoformat()}
        files.write_json(self.begun, content | {"stamp": stamp})

    def write(self, charts: Mapping[str, str], refused: Mapping[str, Refused], made: Sequence[Path]) -> None:
        """Vouch for the answers; for the table only where there is a new one, so that what depends on it stays done."""
        is_new = charts != self.charts() or not self.table.exists()
        self._note(charts, refused, made, read_json(self.begun).get("stamp", ""))
        if is_new:
            self.table.write()
        self.begun.unlink(missing_ok=True)

    def refuse(self, pair: Pair, why: Refused) -> None:
        """Take an answer back: the next run asks for it again."""
        charts = {name: file for name, file in self.charts().items() if name != str(pair)}
        self._note(charts, {**self.refused(), str(pair): why}, self.marker.made(), self.marker.stamp())
        self.begun.unlink(missing_ok=True)

    def _note(
        self, charts: Mapping[str, str], refused: Mapping[str, Refused], made: Sequence[Path], stamp: str
    ) -> None:
        facts = {"charts": dict(charts), "refused": {name: asdict(why) for name, why in refused.items()}}
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
    """The answers that cover a span of days, in the archive. Complete when none is missing but what was refused now."""

    def __init__(self, record: Marker, run: str) -> None:
        self.record = record
        self.run = run

    def exists(self) -> bool:
        """Whether it is complete, and as it was written."""
        return self.record.exists() and all(why.run == self.run for why in self.refused().values())

    def stamp(self) -> str:
        """Which run brought the newest of it."""
        return self.record.stamp()

    def refused(self) -> dict[str, Refused]:
        """Which pairs are not covered, and why."""
        return {name: Refused(**why) for name, why in self.record.facts().get("refused", {}).items()}

    def write(self, made: Sequence[Path], refused: Mapping[str, PipelineError]) -> None:
        """Vouch for the answers; as before, where they are the same."""
        is_same = self.record.exists() and set(self.record.made()) == set(made)
        facts = {"refused": {name: asdict(Refused.by(error, self.run)) for name, error in refused.items()}}
        self.record.write(made, facts, stamp=self.stamp() if is_same else "")
