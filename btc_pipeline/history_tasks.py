"""The tasks beside the daily chain: history that is fetched and published on demand.

    ExtractHistory -> Backfill

As thin as `tasks`, whose models, tests and readers' database they share.
"""

from __future__ import annotations

from btc_pipeline import backfill, errors, history_run, journal
from btc_pipeline.extraction import History, Refused
from btc_pipeline.settings import Settings
from btc_pipeline.step_kinds import HistoryStep
from btc_pipeline.steps import RUN
from btc_pipeline.targets import Publication
from btc_pipeline.tasks import CONNECTOR, Transform, tested


class ExtractHistory(HistoryStep):
    """Hourly prices of past days, asked for in chunks of at most 90 days, each a checkpoint of its own.

    coin_id   vs_currency  window                    prices
    bitcoin   usd          2026-08-26 to 2026-11-23  [[1787702700123, 81120.25], [17877063…  (about 2,160 points)
    """

    sources = (*CONNECTOR, "btc_pipeline/history*.py", "btc_pipeline/verify.py")
    error = errors.ExtractionError

    def significant(self, settings: Settings) -> tuple[object, ...]:
        """Of whom, which coins, which days."""
        return settings.provenance, settings.pairs, self.span

    def output(self) -> History:
        """The record of the answers that cover the span."""
        return History(self.marker(), RUN)

    def make(self) -> None:
        """Ask for the chunks that are missing; vouch for all."""
        with self.at_work() as facts:
            told = self.settings, self.world, self.date, self.span
            brought = history_run.answers(*told, self.report, is_newest_first=not self.oldest_first)
            facts.update(brought.facts)
            self.output().write(brought.files, brought.refused)

    def refused(self) -> dict[str, Refused]:
        """Which pairs are not covered, and why."""
        return self.output().refused()


class Backfill(HistoryStep):
    """Candles of past days, published, with a report of them: the history that `ExtractHistory` brought."""

    before = ExtractHistory
    error = errors.PublishingError

    def output(self) -> Publication:
        """The published file, and the marker that says that the span was published."""
        return Publication(self.marker(), self.world.published, self.world.markers / "published.json")

    def make(self) -> None:
        """Build, test, publish and report in one go."""
        with self.at_work() as facts:
            told = self.settings, self.world, self.span
            models = Transform(date=self.date).sources_hash()
            built = backfill.build(*told, self.fingerprint(), models, self.report)
            tested(self.world, built.table).write(facts={"results": built.checks})
            steps = journal.of_day(self.world, self.date, ("ExtractHistory",))
            facts["candles"] = backfill.swap_in(*told, built, steps)
            self.output().write(facts, made := backfill.report(*told))
            facts["report"] = made[0]

    def refused(self) -> dict[str, Refused]:
        """Which pairs are not covered, and why."""
        return ExtractHistory(**self.told).output().refused()
