"""What the pointer to the workspace of the last run learns from Luigi: a step is done, or was done before.

A pointer that cannot be written is a warning: the run goes on.
"""

from __future__ import annotations

import luigi

from btc_pipeline.observe import log
from btc_pipeline.settings import latest
from btc_pipeline.steps.step import Step


def note_after(*steps: type[Step]) -> None:
    """From here on `data/latest` names the workspace in which one of these steps was done, or was found done, last."""
    for step in steps:
        for event in (luigi.Event.SUCCESS, luigi.Event.DEPENDENCY_PRESENT):
            step.event_handler(event)(_note)


def _note(step: Step) -> None:
    try:
        latest.note(step.workspace)
    except OSError as error:
        log.warning("the workspace of this run is not noted: %s. Next: remove or correct it", error)
