"""What all tasks have in common: the date, the chain of fingerprints, the lock, and how a failure ends.

Knows Luigi and the settings. `tasks.py`, and the functions that it calls, say what each step does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, ClassVar, Protocol

import luigi
from luigi.cmdline_parser import CmdlineParser

from btc_pipeline.errors import ConfigurationError, ExtractionError, PipelineError, VerificationError
from btc_pipeline.lake import failed_runs
from btc_pipeline.market import instants
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import journal, log
from btc_pipeline.settings import parsers, reader
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import exit_codes, failures, fingerprints, luigid
from btc_pipeline.steps.parameters import RunDate, run_settings
from btc_pipeline.system import digest, files, lock, signals
from btc_pipeline.targets.marker import Marker
from btc_pipeline.terminal import end_of_run, progress
from btc_pipeline.warehouse import database_errors

_SECONDS_BETWEEN_MESSAGES = 0.5  # each is a request to luigid


class StepOutput(Protocol):
    """The output of a step: is it complete, and which run made it?"""

    def exists(self) -> bool:
        """Whether it is complete and fits its fingerprint."""

    def stamp(self) -> str:
        """Which run made it; empty if it is not there."""


class Step(luigi.Task):
    """A task of the chain. It is complete if the steps before it are, and a marker fits its own output.

    The fingerprint of its output covers the significant settings, the code, and the stamps of the steps before; so a
    change anywhere makes exactly the steps that depend on it incomplete.
    """

    date = RunDate()

    before: ClassVar[tuple[type[Step], ...]] = ()
    """The steps that it needs."""
    code: ClassVar[tuple[str, ...]] = ()
    """The modules whose functions make the output. They and all that they import are part of the fingerprint."""
    code_without: ClassVar[tuple[str, ...]] = ()
    """Rooms of the package that these modules import, but that do not change the output of this step."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Files of the dbt project that are part of the fingerprint, as glob patterns."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Packages whose installed versions are part of the fingerprint."""
    chain: ClassVar[tuple[str, ...]] = ()
    """All steps of a run, in order. `tasks` sets it, and `ends`."""
    ends: ClassVar[tuple[str, ...]] = ()
    """The last steps. If one of them is done, the run has something to show."""
    error: ClassVar[type[PipelineError]] = PipelineError

    followers = frozenset[str]()
    """The names of the steps of this run that need this one. The last step of a run has none."""

    @cached_property
    def steps_before(self) -> list[Step]:
        """The steps that it needs, for the same date."""
        return [each(date=self.date) for each in self.before]

    def requires(self) -> list[Step]:
        """The steps before."""
        for step in self.steps_before:
            step.followers |= self.followers | {self.get_task_family()}
        return self.steps_before

    def output(self) -> StepOutput:
        """What the step makes."""
        raise NotImplementedError

    def make(self) -> None:
        """Make it."""
        raise NotImplementedError

    def run(self) -> Iterator[list[Step]]:
        """Make the output, unless it exists already: an earlier step ran again with the same result.

        The last step of a run starts a task for each skipped coin. These tasks fail, each with its own error. So the
        run fails too, after everything else is done.
        """
        if not self._is_made():
            self.make()
        if not self.followers and (skipped_coins := self.skipped_coins()):
            yield skipped_coins

    def skipped_coins(self) -> list[Step]:
        """The tasks of the coins that this run skipped."""
        return [step for before in self.steps_before for step in before.skipped_coins()]

    def report(self, done: int, total: int, what: str) -> None:
        """Show the progress of the step, in the terminal and in luigid's visualizer."""
        progress.show(self.get_task_family(), done, total, what)
        percentage = 100 * done // max(total, 1)
        is_due = time.monotonic() - self._reported_at > _SECONDS_BETWEEN_MESSAGES or done == total or "waits" in what
        if (is_due and percentage != self._percentage) or "waits" in what:
            self._percentage, self._reported_at = percentage, time.monotonic()
            luigid.show_progress(self, percentage, f"{done} of {total}: {what}")

    _percentage, _reported_at = -1, float("-inf")

    def complete(self) -> bool:
        """Whether this step and all before it are done, for these settings and this code."""
        try:
            self._check()
            return all(step.complete() for step in self.requires()) and self._is_made()
        except OSError as error:
            exit_codes.stop(failures.in_our_words(self.get_task_family(), self.error, error))
        except PipelineError as error:
            exit_codes.stop(error)

    def has_output(self) -> bool:
        """Whether all is there that the step makes."""
        return self.output().exists()

    def _is_made(self) -> bool:
        """Whether the output exists. Another program may have its database open, and a disk may fail."""
        try:
            return self.has_output()
        except OSError as error:
            raise failures.in_our_words(self.get_task_family(), self.error, error) from error
        except database_errors.LockedDatabaseError as error:
            reason = f"cannot see whether the step is done: {error}"
            raise self.error(reason, "close the program that has it open") from None

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[Any]) -> list[Any]:
        """Which days are done. Luigi's RangeDaily calls it."""
        return [day for day in parameter_tuples if cls(date=day).complete()]

    def significant(self, settings: Settings) -> tuple[object, ...]:
        """The settings that the output depends on, without those of a step before. Their rows name the step."""
        return settings.significant(self.get_task_family())

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        return run_settings()

    @property
    def workspace(self) -> Workspace:
        """Where the run's files lie."""
        settings = self.settings
        return Workspace(settings.data_dir, settings.source)

    @property
    def span_of_history(self) -> end_of_run.Days | None:
        """The first and last day of a backfill; None for a daily run."""
        return None

    @property
    def requested_pairs(self) -> tuple[Pair, ...]:
        """The pairs that have no prices if this step fails."""
        return self.settings.pairs

    def sources_hash(self) -> str:
        """The hash of all that makes the output, except settings and data: code, dbt project, packages."""
        code = fingerprints.of_code(self.get_task_family(), is_sample=self.settings.is_sample)
        return digest.of(code, fingerprints.of_data(self.reads), fingerprints.of_packages(self.packages))

    def fingerprint(self) -> str:
        """One hash of all that the output is made from."""
        stamps = [step.output().stamp() for step in self.requires()]
        significant = self.significant(self.settings)
        return digest.of(self.get_task_family(), self.date, significant, self.sources_hash(), stamps)

    def marker(self) -> Marker:
        """The JSON marker of this step and date."""
        workspace = self.workspace
        return Marker(workspace.marker(self.get_task_family(), self.date), self.fingerprint(), workspace.root)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[dict[str, Any]]:
        """Hold the lock; yield a dict for the facts of the step's line; turn a failure into an error of this step."""
        started, started_at = time.monotonic(), datetime.now(timezone.utc)
        facts: dict[str, Any] = {}
        outcome = ""
        workspace = self.workspace
        try:
            if said := reader.surprise(self.settings):
                log.warning("%s", said)
            if lock.hold_and_sign(workspace.lock):
                from btc_pipeline.warehouse import duckdb_files  # a run with nothing to do has no time for DuckDB

                files.sweep(workspace.root, workspace.temporary)
                for database in (workspace.cache, workspace.work):
                    duckdb_files.finish(database)
                if CmdlineParser.get_instance() is not None:
                    steps = end_of_run.Steps(self.chain, self.ends)
                    end_of_run.prepare(self.settings, workspace, steps, self.span_of_history)
            outcome = "failed"
            with signals.raised_in(self.get_task_family()), progress.alive(self.get_task_family()):
                yield facts
            outcome = "done"
        except KeyboardInterrupt as interruption:
            raise failures.interrupted(self.get_task_family(), interruption) from None
        except (OSError, database_errors.DatabaseError) as error:
            raise failures.in_our_words(self.get_task_family(), self.error, error) from error
        except (ExtractionError, VerificationError) as error:
            with contextlib.suppress(OSError):  # the step's own error matters more than a note that fails
                step = self.get_task_family()
                failed_runs.keep(workspace.failures, self.settings, self.date, step, error, self.requested_pairs)
            raise
        finally:
            progress.end()
            seconds = time.monotonic() - started
            if outcome:
                entry = journal.JournalEntry(
                    self.get_task_family(),
                    instants.text(started_at),
                    round(seconds, 2),
                    outcome,
                    journal.shown(facts),
                )
                journal.note(workspace, self.date, entry)
        log.done(self.get_task_family(), self.date, seconds, facts)

    def _check(self) -> None:
        """Reject a date or a setting with which no step can begin; take the lock."""
        log.prepare()
        today = self.settings.today()
        if self.date > today:
            raise ConfigurationError(f"bad --date {self.date}: this day is in the future", f"choose {today} or earlier")
        if self.date.year not in parsers.YEARS:
            raise ConfigurationError(f"bad --date {self.date}: Bitcoin has no prices before 2009", "choose a later day")
        if not self.settings.is_sample and self.settings.is_ahead_of_the_clock():
            raise ConfigurationError(
                f"bad setting [pipeline] now = {self.settings.now}: live prices of the future do not exist",
                "remove it, or use --pipeline-source sample",
            )
        if not self.followers:  # asked once, for all steps: Luigi takes its time
            if luigi.interface.core().workers > 1:
                raise ConfigurationError(
                    "bad setting [core] workers: a run is one chain of steps under one lock", "use --workers 1"
                )
            luigid.require()
        lock.hold(self.workspace.lock)
