"""The pipeline's errors: one tree; each class has the exit code that a run ends with.

Imports nothing of the project.

    PipelineError                    exit code
    ├── ConfigurationError            2   a setting, a parameter or the key file is wrong
    ├── AlreadyRunningError          10   another run holds the lock
    ├── SchedulerError               15   luigid cannot be reached
    ├── ExtractionError              20   ExtractAndLoad
    ├── VerificationError            30   VerifyData
    │   └── StaleDataError           35   VerifyData: the prices are old, or not one is new
    ├── TransformationError          40   Transform
    ├── CandleTestError              50   Test
    ├── PublishingError              60   Publish
    ├── VisualizationError           70   Visualize
    └── InterruptionError           130   Ctrl-C, or SIGINT (128 + 2, as in shells)
        ├── HangupError             129   the terminal was closed, or SIGHUP
        └── TerminationError        143   systemd, `kill`, or SIGTERM
"""

from __future__ import annotations

import re

SUCCESS = 0
UNEXPECTED = 1

_KEY = re.compile(r"CG-[A-Za-z0-9_-]{6,}")


def without_keys(text: str) -> str:
    """A text in which no CoinGecko key shows, which somebody may have written into the wrong place."""
    return _KEY.sub("CG-...", text)


class PipelineError(Exception):
    """A failure, shown in one line: what failed, the facts, what to type next.

    Args:
        what: what failed, without a full stop.
        fix: what to do or type next.
        facts: shown as `key=value`; never a secret.
    """

    exit_code = UNEXPECTED

    def __init__(self, what: str, fix: str = "", **facts: object) -> None:
        super().__init__(without_keys(what))
        self.what = without_keys(what)
        self.fix = without_keys(fix)
        self.facts = facts

    def __str__(self) -> str:
        facts = " ".join(f"{key}={value}" for key, value in self.facts.items())
        line = self.what + (f" [{facts}]" if facts else "") + (f". Next: {self.fix}" if self.fix else "")
        return without_keys(" ".join(line.split()))


class ConfigurationError(PipelineError):
    """A setting, a parameter or the key file is wrong."""

    exit_code = 2


class AlreadyRunningError(PipelineError):
    """Another run holds the lock of this workspace."""

    exit_code = 10


class SchedulerError(PipelineError):
    """The central luigid cannot be reached."""

    exit_code = 15


class ExtractionError(PipelineError):
    """CoinGecko could not be reached, or did not answer with a market chart."""

    exit_code = 20


class VerificationError(PipelineError):
    """An answer is not what a market chart has to be."""

    exit_code = 30


class StaleDataError(VerificationError):
    """The prices are old, or the answer has no new one."""

    exit_code = 35


class TransformationError(PipelineError):
    """The models could not be built."""

    exit_code = 40


class CandleTestError(PipelineError):
    """A test of the candles failed, or did not run. `days`: coin, currency and UTC day of each place, if known."""

    exit_code = 50
    days: tuple[tuple[str, str, str], ...] = ()


class PublishingError(PipelineError):
    """The tested database could not be swapped in."""

    exit_code = 60


class VisualizationError(PipelineError):
    """The chart could not be drawn."""

    exit_code = 70


class InterruptionError(PipelineError):
    """A person has stopped the command: Ctrl-C, or SIGINT."""

    exit_code = 130


class HangupError(InterruptionError):
    """The command's terminal was closed, or it got SIGHUP."""

    exit_code = 129


class TerminationError(InterruptionError):
    """A program has stopped the command, such as systemd or `kill`: SIGTERM."""

    exit_code = 143


def error_of(exit_code: int) -> type[PipelineError]:
    """The class of an exit code, to make an error again that was stored."""
    waiting = [PipelineError]
    while waiting:
        kind = waiting.pop()
        if kind.exit_code == exit_code:
            return kind
        waiting += kind.__subclasses__()
    return PipelineError
