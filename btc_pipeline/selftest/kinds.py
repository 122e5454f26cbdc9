"""The kinds of fault that the self-test injects; each names the one check that has to catch it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from btc_pipeline.transform.nodes import Node

Chart = dict[str, Any]


@dataclass(frozen=True)
class AnswerFault:
    """A fault in an answer, which the gate rejects: `spoil` changes the chart in place, or gives another body."""

    name: str
    check: str
    spoil: Callable[[Chart], object]

    def body(self, good: bytes) -> bytes:
        """The answer with the fault."""
        chart = json.loads(good)
        spoilt = self.spoil(chart)
        return spoilt if isinstance(spoilt, bytes) else json.dumps(chart).encode()


@dataclass(frozen=True)
class DatabaseFault:
    """A fault behind the gate, as SQL on dbt's database; then all is built and tested, or only tested.

    A `build` carries a fault of the raw answers through all models; a `test` finds one in what the models made.
    """

    name: str
    check: str
    sql: str
    command: str = "test"


@dataclass(frozen=True)
class CensusFault:
    """A test that is declared, and did not run; or ran with these `facts` in the place of its own. For the census."""

    name: str
    check: str
    test: str
    facts: tuple[tuple[str, str], ...] = ()

    def spoilt(self, tests: Sequence[Node]) -> list[Node]:
        """The outcomes of the tests with the fault."""
        changed = [{**test, **dict(self.facts)} if test["name"] == self.test else test for test in tests]
        return changed if self.facts else [test for test in tests if test["name"] != self.test]


Fault = AnswerFault | DatabaseFault | CensusFault

GOOD = frozenset({"pass", "success"})
"""The outcomes of a test that is content."""

_CAUGHT = frozenset({"rejected", "fails", "warns"})
WARNS_BUT_FINAL = "WARNS, BUT FINAL"
COMES_BACK = "COMES BACK"


@dataclass(frozen=True)
class FaultVerdict:
    """The result of a fault: `rejected`, `fails` or `warns` by its check, or `MISSED`; and which other checks spoke.

    `WARNS, BUT FINAL`: no check fails, and a candle that it changed is final. `COMES BACK`: after `days_after`
    with good answers the final candles are not those of a database that never had it.
    """

    fault: Fault
    outcome: str
    others: tuple[str, ...] = ()
    days_after: int = 0

    @property
    def is_caught(self) -> bool:
        """Whether the check that is named for the fault caught it, and nothing of it is left."""
        return self.outcome in _CAUGHT
