"""Steps with more parameters than a date: for one coin, and for a span of past days.

Knows Luigi, as `step` does. `tasks.py` says what each step does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any, cast

import luigi

from btc_pipeline.coingecko import limits
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.market import days
from btc_pipeline.market.days import Span
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings import parsers
from btc_pipeline.steps import exit_codes, range_tasks
from btc_pipeline.steps.parameters import SpanDay
from btc_pipeline.steps.step import Step
from btc_pipeline.system import digest
from btc_pipeline.targets.extraction import Skipped
from btc_pipeline.targets.marker import Marker
from btc_pipeline.terminal import end_of_run

range_tasks.register(sys.argv)


class PairStep(Step):
    """A step for one coin in one currency."""

    coin_id = luigi.Parameter(description="CoinGecko's id, e.g. bitcoin")
    vs_currency = luigi.Parameter("usd", description="currency of the prices")

    @property
    def pair(self) -> Pair:
        """The validated pair."""
        try:
            (coin_id,), (currency,) = (
                parsers.coins_as_typed(self.coin_id),
                parsers.currencies_as_typed(self.vs_currency),
            )
        except ValueError as error:
            exit_codes.stop(ConfigurationError(f"bad {self.get_task_family()}: {error}", "name one coin, e.g. bitcoin"))
        return Pair(coin_id, currency)

    @property
    def requested_pairs(self) -> tuple[Pair, ...]:
        """The pair alone."""
        return (self.pair,)

    def raise_once(self, skipped: Skipped | None) -> None:
        """Raise the pair's error of this run, once. If the scheduler retries the task, it requests the pair again."""
        if skipped and skipped.run == CURRENT.run and self.task_id not in CURRENT.raised:
            CURRENT.raised.add(self.task_id)
            raise skipped.error()


class HistoryStep(Step):
    """A step for a span of settled days."""

    start = SpanDay(default=cast("date", None), description="first UTC day, e.g. 2025-12-01; required")
    end = SpanDay(default=cast("date", None), description="last UTC day; default: the newest that is settled")
    oldest_first = luigi.BoolParameter(description="request the oldest days first; default: the newest first")

    @property
    def parameters(self) -> dict[str, Any]:
        """Its parameters; the step before has the same."""
        return {"date": self.date, "start": self.start, "end": self.span.last, "oldest_first": self.oldest_first}

    @cached_property
    def steps_before(self) -> list[Step]:
        """The steps that it needs, for the same span."""
        return [each(**self.parameters) for each in self.before]

    def run(self) -> Iterator[list[Step]]:
        """Run as any step does. Then, if a pair is not covered, the last step fails."""
        yield from super().run()
        uncovered = {} if self.followers else self.uncovered()
        if uncovered:
            first = next(iter(uncovered.values()))
            more = f"; {len(uncovered)} skipped: {', '.join(sorted(uncovered))}" if len(uncovered) > 1 else ""
            raise replace(first, what=first.what + more).error()

    def uncovered(self) -> dict[str, Skipped]:
        """Which pairs are not covered, and why."""
        raise NotImplementedError

    @cached_property
    def span(self) -> Span:
        """The span, if CoinGecko can serve it. It stays the same if a new day begins while the step is at work."""
        if cast("date | None", self.start) is None:
            exit_codes.stop(
                ConfigurationError(f"bad {self.get_task_family()}: --start is missing", "add --start 2025-12-01")
            )
        now = self.settings.instant()
        span = Span(self.start, cast("date | None", self.end) or days.last_settled(now))
        try:
            return limits.checked(self.settings, span, now)
        except ConfigurationError as error:
            exit_codes.stop(error)

    @property
    def span_of_history(self) -> end_of_run.Days:
        """The first and last day of the span."""
        return self.span.first, self.span.last

    @property
    def requested_pairs(self) -> tuple[Pair, ...]:
        """None: if history is missing, no day's run has failed."""
        return ()

    def fingerprint(self) -> str:
        """One hash of all that the output is made from; the day of the run is not part of it."""
        stamps = [step.output().stamp() for step in self.requires()]
        significant = self.significant(self.settings)
        return digest.of(self.get_task_family(), self.span, significant, self.sources_hash(), stamps)

    def marker(self) -> Marker:
        """The JSON marker of this step and span."""
        workspace, step = self.workspace, self.get_task_family()
        return Marker(workspace.span_marker(step, self.span.first, self.span.last), self.fingerprint(), workspace.root)
