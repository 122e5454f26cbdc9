"""The DAG: six steps in one chain, two for a backfill, and one that proves the history. Each step calls its room.

    ExtractAndLoad -> VerifyData -> Transform -> Test -> Publish -> Visualize -> ExtractCoin, for each that was skipped

    ExtractHistory -> Backfill: history that is fetched and published on demand, by the same models and tests

    ProveHistory: once a week, does the raw archive give all of it again?

A step imports its room when it works. Heavy libraries (airbyte, dbt, mplfinance, pandas) are imported by the processes
that use them. So a run with nothing to do takes little longer than Luigi itself.
"""

from __future__ import annotations

from datetime import date as date_type
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from btc_pipeline import errors
from btc_pipeline.extract import cache
from btc_pipeline.lake import exceptions, proofs
from btc_pipeline.observe import journal
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings import public
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import chain, fingerprints, last_run
from btc_pipeline.steps.history_step import HistoryStep, PairStep
from btc_pipeline.steps.step import Step
from btc_pipeline.system import digest
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.extraction import Answer, DayRecord, Extraction, History, Skipped
from btc_pipeline.targets.marker import Marker
from btc_pipeline.targets.publication import Publication
from btc_pipeline.transform import layers, tables

if TYPE_CHECKING:
    from btc_pipeline.transform.backfill import BuiltHistory

_MODELS = ("models/**/*", "macros/**/*", "seeds/**/*", "*.yml")
_DBT = ("duckdb", "dbt-core", "dbt-duckdb")


class ExtractAndLoad(Step):
    """One answer of CoinGecko for each coin in each currency: in the cache, and word for word in the raw archive.

    coin_id   vs_currency  prices                                  market_caps         total_volumes
    bitcoin   usd          [[1621036842123, 49913.26], [16210405…  [[1621036842123, …  [[1621036842123, …

    One connector process requests all of them. Each pair is a checkpoint of its own, and a task: `ExtractCoin`.
    """

    code = ("btc_pipeline.extract.daily",)
    code_without = ("btc_pipeline/verify/",)  # what an answer is worth: VerifyData looks at it again
    error = errors.ExtractionError

    def output(self) -> Extraction:
        """A marker row beside the cache's table, and the record of the run's answers in the archive."""
        step, fingerprint, workspace = self.get_task_family(), self.fingerprint(), self.workspace
        table = DuckDBTarget(workspace.cache, cache.TABLE, cache.MARKERS, step, self.date, fingerprint)
        begun = workspace.marker(f"{step}.begun", self.date)
        return Extraction(DayRecord(table, self.marker(), begun, self.settings.pairs, CURRENT.run))

    def make(self) -> None:
        """Fetch, archive, mark complete. If this run needs dbt, a process imports it meanwhile."""
        from btc_pipeline.extract import daily
        from btc_pipeline.transform import dbt_runner

        with self.at_work() as facts:
            if "Transform" in self.followers:
                dbt_runner.start_ahead(self.settings, self.workspace)
            pairs = self.settings.pairs
            facts.update(daily.answers(self.settings, self.workspace, self.date, self.output().day, pairs, self.report))

    def skipped_coins(self) -> list[Step]:
        """The tasks of the coins that failed or were rejected in this run."""
        skipped = self.output().day.skipped()
        pairs = [pair for pair in self.settings.pairs if str(pair) in skipped and skipped[str(pair)].run == CURRENT.run]
        return [ExtractCoin(date=self.date, coin_id=pair.coin_id, vs_currency=pair.vs_currency) for pair in pairs]


class ExtractCoin(PairStep):
    """One coin in one currency: its part of `ExtractAndLoad`, to be retried alone.

    If a run has skipped the coin, this task runs last, and fails with the coin's error.
    """

    code = ("btc_pipeline.extract.daily",)
    code_without = ("btc_pipeline/verify/",)  # what an answer is worth: VerifyData looks at it again
    error = errors.ExtractionError

    def output(self) -> Answer:
        """The pair's answer in the record of the day."""
        return Answer(ExtractAndLoad(date=self.date).output().day, self.pair)

    def make(self) -> None:
        """Raise the coin's error of this run, if there is one; else request the coin."""
        from btc_pipeline.extract import daily

        record = self.output().day
        self.raise_once(record.skipped().get(str(self.pair)))
        with self.at_work() as facts:
            facts.update(daily.answers(self.settings, self.workspace, self.date, record, [self.pair], self.report))


class VerifyData(Step):
    """Whether the answers are what was requested: finite, positive, in milliseconds, in the window, fresh, enough.

    A rejected answer stays in the archive, but not in the record: the next run requests it again.
    """

    before = (ExtractAndLoad,)
    code = ("btc_pipeline.verify.answers",)
    error = errors.VerificationError

    def output(self) -> Marker:
        """A marker with the numbers found."""
        return self.marker()

    def make(self) -> None:
        """Check each answer in the archive."""
        from btc_pipeline.verify import answers

        with self.at_work() as facts:
            record = ExtractAndLoad(date=self.date).output().day
            facts.update(answers.check(self.settings, self.workspace, self.date, record))
            good = answers.fingerprint_of_good(self.settings, record)
            known = self.output().facts().get("good") == good  # then the later steps stay done
            self.output().write(facts={**facts, "good": good}, stamp=self.output().stamp() if known else "")


class Transform(Step):
    """The table `daily_candlestick` of dbt's own database: one row for each coin, currency and UTC day.

    coin_id  vs_currency  date        open      high      low       close     …  coverage  status
    bitcoin  usd          2021-05-14  49972.80  51253.27  49049.42  49950.27  …  1.0       final
    """

    before = (VerifyData,)
    code = ("btc_pipeline.transform.daily",)
    reads = _MODELS
    packages = _DBT
    error = errors.TransformationError

    code_of_points: ClassVar[tuple[str, ...]] = ("btc_pipeline.transform.loader",)
    """The modules that make the stored points, before dbt does."""
    code_of_answers: ClassVar[tuple[str, ...]] = ("btc_pipeline.transform.compacted",)
    """The modules that unpack and judge an answer, and keep it unpacked."""

    def points_hash(self) -> str:
        """The hash of all that makes the stored points, except data: a part of what `sources_hash` covers."""
        code = fingerprints.of_code("Transform.points", is_sample=self.settings.is_sample)
        return digest.of(code, fingerprints.of_data(layers.POINTS), fingerprints.of_packages(self.packages))

    def answers_hash(self) -> str:
        """The hash of all that makes a row of an answer, except data and settings: no model is in it."""
        code = fingerprints.of_code("Transform.answers", is_sample=self.settings.is_sample)
        return digest.of(code, fingerprints.of_packages(("duckdb",)))

    def significant(self, settings: Settings) -> tuple[object, ...]:
        """As for any step, the last exception that a person has decided, and the days that a proof has not reproduced.

        So a released answer is loaded at once, and such a day is doubted at once.
        """
        _, newest = proofs.newest(self.workspace.proofs, settings.provenance)
        unproved = newest.days if newest else ()
        return *super().significant(settings), exceptions.read(self.workspace.raw).last_by_person, unproved

    def output(self) -> DuckDBTarget:
        """A marker row beside the table, written when all models are built and tested."""
        step, fingerprint = self.get_task_family(), self.fingerprint()
        return DuckDBTarget(self.workspace.work, "main.daily_candlestick", tables.MARKERS, step, self.date, fingerprint)

    def make(self) -> None:
        """Load what is new in the archive; build and test the models in one process."""
        from btc_pipeline.transform import daily, dbt_build
        from btc_pipeline.visualize import drawing

        with self.at_work() as facts:
            if "Visualize" in self.followers:
                drawing.start_ahead(self.workspace)
            points, gate = self.points_hash(), VerifyData(date=self.date).sources_hash()
            answers = self.answers_hash()
            made_from = self.get_task_family(), self.date, self.fingerprint(), self.sources_hash()
            wanted = dbt_build.Build(*made_from, run=CURRENT.run, points=points, gate=gate, answers=answers)
            record = ExtractAndLoad(date=self.date).output().day
            facts.update(daily.build(self.settings, self.workspace, wanted, record, self.report))


class Test(Step):
    """The outcome of each declared test, and the census: each declared test has run."""

    before = (Transform,)
    code = ("btc_pipeline.transform.judge",)
    reads = (*_MODELS, "tests/**/*")
    packages = _DBT
    error = errors.CandleTestError
    __test__: ClassVar[bool] = False  # not a class of tests, although pytest would think so from its name

    def output(self) -> Marker:
        """A marker with the outcome of each test."""
        return self.marker()

    def has_output(self) -> bool:
        """Also whether the results are there that `Publish` needs, unless another day was built since."""
        table = Transform(date=self.date).output()
        is_newest = table.stamp() == table.newest_stamp()
        return super().has_output() and (not is_newest or tested(self.workspace, table.stamp()).exists())

    def make(self) -> None:
        """Judge what the build tested."""
        from btc_pipeline.transform import judge

        with self.at_work() as facts:
            table = Transform(date=self.date).output()
            results = judge.judge(self.settings, self.workspace, table.newest_stamp())
            facts.update(tests=len(results), warnings=sum(status == "warn" for status in results.values()))
            tested(self.workspace, table.newest_stamp()).write(facts={"results": results})
            self.output().write(facts=facts)
            table.keep_look()


def tested(workspace: Workspace, stamp: str) -> Marker:
    """The marker which says that the build with this stamp, for any day, has passed its tests; keeps their results."""
    return Marker(workspace.markers / "tested.json", stamp, workspace.root)


class Publish(Step):
    """The readers' database: the tested candles, swapped in with one rename."""

    before = (Test,)
    code = ("btc_pipeline.publish.swap",)
    error = errors.PublishingError

    def significant(self, settings: Settings) -> tuple[object, ...]:
        """As for any step, and the names of the settings that a version shows."""
        return *super().significant(settings), public.names()

    def output(self) -> Publication:
        """The published file, and the marker with its checksum."""
        return Publication(self.marker(), self.workspace.published, self.workspace.published_marker)

    def make(self) -> None:
        """Copy, rename, mark complete."""
        with self.at_work() as facts:
            facts["candles"] = self.swap_in()

    def swap_in(self) -> int:
        """Publish the tested candles and the facts of this day's run, mark complete; returns how many candles."""
        from btc_pipeline.publish import swap

        table = Transform(date=self.date).output()
        passed = tested(self.workspace, table.newest_stamp())
        if not passed.exists():
            step, day = table.newest_step()
            raise errors.CandleTestError(
                f"{step} of {day} has rebuilt the candles, and they have not passed their tests",
                f"finish that run first, for a day with --date {day}",
            )
        is_own = table.stamp() == table.newest_stamp()
        made_by = chain.names(*self.before) if is_own else (*chain.names(VerifyData), *HistoryStep.chain)
        steps = journal.of_day(self.workspace, self.date, made_by)
        first_day = self.date - timedelta(days=self.settings.days)
        version = swap.Version(self.date, first_day, self.date, passed.facts()["results"], steps)
        count = swap.swap_in(self.settings, self.workspace, version)
        self.output().write({"candles": count})
        return count


class Visualize(Step):
    """A candlestick chart of the last days for each coin, all of them on one page, and the report of the run."""

    before = (Publish,)
    code = ("btc_pipeline.visualize.drawing",)
    packages = ("matplotlib", "mplfinance")
    error = errors.VisualizationError

    def output(self) -> Marker:
        """A marker with the checksum of each chart and of the report."""
        return self.marker()

    def make(self) -> None:
        """Draw from the published database, as any reader does. If another run has replaced it, publish again first."""
        from btc_pipeline.publish import swap
        from btc_pipeline.visualize import drawing

        with self.at_work() as facts:
            if not swap.is_of(self.workspace, self.date):
                Publish(date=self.date).swap_in()
            drawn = drawing.draw(self.settings, self.workspace, self.date, self.report)
            drawing.remove_leftovers(self.settings, self.workspace, self.date, self.output().made())
            charts = drawn.charts
            facts["chart"] = charts[0] if len(charts) == 1 else f"{charts[0].parent}/ ({len(charts)})"
            facts["report"] = drawn.report[0]
            self.output().write(made=[*charts, *drawn.report])


class ExtractHistory(HistoryStep):
    """Hourly prices of past days, requested in chunks of at most 90 days, each a checkpoint of its own.

    coin_id   vs_currency  window                    prices
    bitcoin   usd          2026-08-26 to 2026-11-23  [[1787702700123, 81120.25], [17877063…  (about 2,160 points)
    """

    code = ("btc_pipeline.extract.history",)
    error = errors.ExtractionError

    def significant(self, settings: Settings) -> tuple[object, ...]:
        """As for any step, and the days of the span."""
        return *super().significant(settings), self.span

    def output(self) -> History:
        """The record of the answers that cover the span."""
        return History(self.marker(), CURRENT.run)

    def make(self) -> None:
        """Request the chunks that are missing; mark all complete."""
        from btc_pipeline.extract import history

        with self.at_work() as facts:
            brought = history.answers(
                self.settings, self.workspace, self.date, self.span, self.report,
                is_newest_first=not self.oldest_first,
            )  # fmt: skip
            facts.update(brought.facts)
            self.output().write(brought.files, brought.uncovered)

    def uncovered(self) -> dict[str, Skipped]:
        """Which pairs are not covered, and why."""
        return self.output().uncovered()


class Backfill(HistoryStep):
    """Candles of past days, published, with a report: made from the history that `ExtractHistory` fetched."""

    before = (ExtractHistory,)
    code = ("btc_pipeline.transform.backfill", "btc_pipeline.publish.swap", "btc_pipeline.visualize.report.write")
    reads = (*_MODELS, "tests/**/*")
    packages = _DBT
    error = errors.PublishingError

    def output(self) -> Publication:
        """The published file, and the marker that says that the span was published."""
        return Publication(self.marker(), self.workspace.published, self.workspace.published_marker)

    def make(self) -> None:
        """Build, test, publish and report in one go."""
        from btc_pipeline.transform import backfill
        from btc_pipeline.visualize import drawing

        with self.at_work() as facts:
            settings, workspace, span = self.settings, self.workspace, self.span
            transform, gate = Transform(date=self.date), VerifyData(date=self.date).sources_hash()
            code = transform.sources_hash(), transform.points_hash(), gate, transform.answers_hash()
            built = backfill.build(settings, workspace, span, self.fingerprint(), code, self.report)
            tested(workspace, built.stamp).write(facts={"results": built.checks})
            facts["candles"] = self.swap_in(built)
            self.output().write(facts, made := drawing.report_of_span(settings, workspace, span))
            facts["report"] = made[0]

    def swap_in(self, built: BuiltHistory) -> int:
        """Publish the build as a version for the days of the span; returns how many candles."""
        from btc_pipeline.publish import swap

        steps = journal.of_day(self.workspace, self.date, chain.names(*self.before))
        days = self.span.first, self.span.last
        version = swap.Version(built.run_date, *days, built.checks, steps, made_by="Backfill")
        return swap.swap_in(self.settings, self.workspace, version)

    def uncovered(self) -> dict[str, Skipped]:
        """Which pairs are not covered, and why."""
        return ExtractHistory(**self.parameters).output().uncovered()


class ProveHistory(Step):
    """Whether the raw archive gives the whole published history again: it is built and tested anew, and compared.

    Done once a week; a week begins on Monday. It changes nothing that readers have.
    """

    code = ("btc_pipeline.transform.proof",)
    reads = (*_MODELS, "tests/**/*")
    packages = _DBT
    error = errors.CandleTestError

    @property
    def monday(self) -> date_type:
        """The first day of the week."""
        return self.date - timedelta(days=self.date.weekday())

    def fingerprint(self) -> str:
        """One hash of the week, the models and the tests."""
        return digest.of(self.get_task_family(), self.monday, self.significant(self.settings), self.sources_hash())

    def output(self) -> Marker:
        """The marker of the week."""
        path = self.workspace.marker(self.get_task_family(), self.monday)
        return Marker(path, self.fingerprint(), self.workspace.root)

    def make(self) -> None:
        """Build all of it anew in an empty folder, test it, compare it; keep a record."""
        from btc_pipeline.transform import proof

        with self.at_work() as facts:
            transform = Transform(date=self.date)
            code = transform.sources_hash(), transform.answers_hash()
            found = proof.prove(self.settings, self.workspace, *code, self.report)
            facts.update(candles=found.candles, tests=found.checks, differences=found.differences)
            self.output().write(facts=facts)


OUTPUTS: tuple[type[Step], ...] = (Visualize,)
"""The last steps of a daily run. Another output beside the chart is a step after `Publish`; name it here too."""

DAILY = chain.of(*OUTPUTS)
"""All steps of a daily run, in order."""

Step.chain, Step.ends = chain.names(*OUTPUTS), tuple(each.__name__ for each in OUTPUTS)
HistoryStep.chain, HistoryStep.ends = chain.names(Backfill), ("Backfill",)
ProveHistory.chain, ProveHistory.ends = chain.names(ProveHistory), ()
last_run.note_after(Transform, *OUTPUTS, Publish, Backfill)
