"""What the failure of a test means. A test says it in its `meta`, as `failure`; one that does not say is refused.

`answer`: answers are at fault, and are quarantined (`quarantine`). `doubt`: days are doubtful, and it warns. `ours`: a
bug of ours, and it stops everything. Unit tests and the freshness of sources are `ours` by nature: they have no `meta`.
Imports nothing of dbt.
"""

from __future__ import annotations

from collections.abc import Sequence

from btc_pipeline.errors import CandleTestError
from btc_pipeline.transform.nodes import Node

ANSWER, DOUBT, OURS = "answer", "doubt", "ours"

SEVERITIES = {ANSWER: "error", DOUBT: "warn", OURS: "error"}
"""The severity that goes with each meaning."""

_BY_NATURE = ("unit:", "freshness:")


def check(tests: Sequence[Node]) -> None:
    """Check that each data test says what its failure means, and that its severity goes with it.

    Raises:
        CandleTestError: names the tests, and what to write.
    """
    found: dict[str, list[str]] = {"silent": [], "unknown": [], "contradicted": []}
    for test in tests:
        name, meaning, severity = test["name"], test.get("meaning", ""), test.get("severity", "")
        if name.startswith(_BY_NATURE):
            continue
        if not meaning:
            found["silent"].append(name)
        elif meaning not in SEVERITIES:
            found["unknown"].append(f"{name}={meaning}")
        elif severity != SEVERITIES[meaning]:
            found["contradicted"].append(f"{name}={meaning}/{severity or 'none'}")
    if any(found.values()):
        raise CandleTestError(
            "the census does not agree: a test must say what its failure means, and warn if that is a doubt only",
            'write {{ config(meta={"failure": "answer"}) }} into the test, "ours" if it is a bug of ours, or'
            ' {{ config(severity="warn", meta={"failure": "doubt"}) }}; docs/quality.md explains the words',
            **{kind: ",".join(sorted(names)) for kind, names in found.items() if names},
        )
