"""The days after a fault: the run that met it ends as a run does, and then good answers come for two days.

Each fault has a copy of the good day to itself. What follows a failure is the pipeline's own: answers are quarantined,
days are distrusted and loaded anew. A build that passes is published, warnings and all. After the second day each final
candle must be one that a database without the fault has of that day, of the hourly or of the 5-minute series. And each
day that the last good answers cover must be as final as it is there.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from btc_pipeline.coingecko import streams
from btc_pipeline.errors import PipelineError
from btc_pipeline.lake import raw_archive
from btc_pipeline.selftest.good_day import DAYS, CandleValues, GoodDay, final_candles, right_candles
from btc_pipeline.selftest.kinds import AnswerFault, DatabaseFault
from btc_pipeline.system import records
from btc_pipeline.transform import meanings
from btc_pipeline.transform.nodes import Node

AFTER = tuple(DAYS[-1] + timedelta(days=days) for days in (1, 2))
"""When the good answers come."""

_RUN = "self-test"


class DaysAfter:
    """What becomes of faults, each in a folder of its own below `folder`, held against a database that had none."""

    def __init__(self, good: GoodDay, folder: Path) -> None:
        self._good = good
        self._folder = folder
        self._answered = good.copied(folder / "good answers")
        for now in AFTER:
            self._answered.ask(now)
        untouched = self._answered.copied(folder / "untouched")
        untouched.publish(AFTER[-1], untouched.build(AFTER[-1]))
        self._right = right_candles(untouched.workspace.work)
        covered_from = AFTER[-1].date() - timedelta(days=good.settings.days)
        days = map(_day_of, final_candles(untouched.workspace.work))
        self._days = {day for day in days if day[-1] >= covered_from}

    def is_healed(self, fault: DatabaseFault, faulted: Path, tests: Sequence[Node]) -> bool:
        """Whether nothing of the fault is left: `faulted` is the database that has it, and `tests` their outcomes."""
        world = self._new_world()
        shutil.copyfile(faulted, world.workspace.work)
        with suppress(PipelineError):
            if any(test["status"] == "fail" and test.get("meaning") == meanings.ANSWER for test in tests):
                world.publish(DAYS[-1], world.build(DAYS[-1], _RUN))  # answers are quarantined in the build itself
            else:
                _end(world, [*tests, *(test for test in self._good.tests if test["kind"] == "unit_test")])
        return self._is_right_after(world, AFTER)

    def never_came_in(self, rejected: Sequence[AnswerFault]) -> bool:
        """Whether the answers with these faults, all of them in the archive, leave nothing in any candle."""
        if not rejected:
            return True
        world = self._new_world()
        entry = raw_archive.entries(self._good.workspace.raw, streams.MARKET_CHART)[0][-1]
        good = entry.read(self._good.workspace.raw)
        for seconds, fault in enumerate(rejected, 1):
            asked = replace(entry.request, extracted_at=entry.request.extracted_at + timedelta(seconds=seconds))
            raw_archive.keep(world.workspace.raw, asked, fault.body(good))
        return self._is_right_after(world, AFTER[-1:])

    def _new_world(self) -> GoodDay:
        return self._answered.copied(Path(tempfile.mkdtemp(dir=self._folder)))

    def _is_right_after(self, world: GoodDay, days: Sequence[datetime]) -> bool:
        passed = False
        for now in days:
            passed = False
            with suppress(PipelineError):
                world.publish(now, world.build(now, _RUN))
                passed = True
        found = final_candles(world.workspace.work) if passed else set()
        shutil.rmtree(world.settings.data_dir)
        return passed and are_right(found, self._right, self._days)


def are_right(
    found: AbstractSet[CandleValues], right: AbstractSet[CandleValues], wanted: AbstractSet[CandleValues]
) -> bool:
    """Whether each final candle found is one of the right ones, and each day that is wanted (coin, currency, day) is
    among them.
    """
    return found <= right and {_day_of(candle) for candle in found} >= wanted


def _end(world: GoodDay, tests: Sequence[Node]) -> None:
    """End the run of the fault's day with these outcomes of its tests."""
    records.write(world.workspace.test_results, {"stamp": "judged", "tests": list(tests)})
    world.publish(DAYS[-1], "judged")


def _day_of(candle: CandleValues) -> CandleValues:
    """Coin, currency and day."""
    return candle[:3]


def drawn(faults: Sequence[DatabaseFault], count: int | None, seed: int) -> list[DatabaseFault]:
    """As many of the faults, in their order; None: all."""
    if count is None or count >= len(faults):
        return list(faults)
    return [faults[number] for number in sorted(random.Random(seed).sample(range(len(faults)), count))]
