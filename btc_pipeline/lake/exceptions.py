"""The ledger of exceptions: which archived answers are quarantined, and which of these are released again.

An answer without an entry is admitted, if it passes the gate. The ledger lies in the archive and outlives all
databases. It only grows: each entry names the hash of the entry before, so a lost or changed one is found. Opens no
database and judges no answer.

    raw/exceptions.ndjson    one entry a line
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from btc_pipeline.errors import TransformationError
from btc_pipeline.system import digest, files

QUARANTINED = "quarantined"
RELEASED = "released"
PERSON = "person"
"""Who decided: a person. Otherwise it is a check."""

NONE_APPLIED = "0"
_NAME = "exceptions.ndjson"
_FORMAT = 1


@dataclass(frozen=True)
class NewDecision:
    """A decision that is not in the ledger yet. `check` is why, and `rows` is how many rows the check found."""

    action: str
    archive_file: str
    sha256: str
    check: str
    rows: int
    by: str
    reason: str


@dataclass(frozen=True)
class AnswerDecision(NewDecision):
    """An entry of the ledger. `decided_at` is in UTC."""

    number: int
    decided_at: datetime
    run: str
    before: str

    @property
    def hash(self) -> str:
        """The hash of all that the entry says."""
        return digest.of(_plain(self))

    @property
    def name(self) -> str:
        """Its number and hash; a published version names the last one that it applied."""
        return f"{self.number} {self.hash}"


@dataclass(frozen=True)
class ExceptionLedger:
    """The entries, in their order."""

    path: Path
    decisions: tuple[AnswerDecision, ...] = field(default=())

    def up_to(self, *, until: datetime | None = None, number: int | None = None) -> ExceptionLedger:
        """The entries that were decided up to an instant, or up to a number."""
        kept = [
            each
            for each in self.decisions
            if (until is None or each.decided_at <= until) and (number is None or each.number <= number)
        ]
        return ExceptionLedger(self.path, tuple(kept))

    @cached_property
    def newest(self) -> dict[str, AnswerDecision]:
        """The newest decision about each answer."""
        return {each.archive_file: each for each in self.decisions}

    @cached_property
    def quarantined(self) -> dict[str, AnswerDecision]:
        """The answers that must not be loaded."""
        return {file: each for file, each in self.newest.items() if each.action == QUARANTINED}

    @cached_property
    def released(self) -> dict[str, AnswerDecision]:
        """The answers that were quarantined once, and are loaded again."""
        return {file: each for file, each in self.newest.items() if each.action == RELEASED}

    def releasing(self, file: str) -> ExceptionLedger:
        """This ledger as it would be if a quarantined answer was released now."""
        released = replace(self.quarantined[file], action=RELEASED)
        return ExceptionLedger(self.path, (*self.decisions, released))

    def waived(self, file: str) -> frozenset[str]:
        """The checks that an answer was released from; an empty name stands for all."""
        if file not in self.released:
            return frozenset()
        releases = (each for each in self.decisions if each.archive_file == file and each.action == RELEASED)
        return frozenset(each.check for each in releases)

    @property
    def last(self) -> str:
        """The name of the last entry; NONE_APPLIED if there is none."""
        return self.decisions[-1].name if self.decisions else NONE_APPLIED

    @property
    def last_by_person(self) -> str:
        """The name of the last entry of a person: such a decision makes finished work incomplete."""
        return next((each.name for each in reversed(self.decisions) if each.by == PERSON), NONE_APPLIED)

    def check_it_has(self, name: str) -> None:
        """Check that the entry with this name, which a version has applied, is still there.

        Raises:
            TransformationError: it is not: the ledger is lost, or its end is.
        """
        number = int(name.partition(" ")[0])
        if number and not any(each.name == name for each in self.decisions):
            raise _damaged(self.path, f"entry {number}, which the published version has applied, is not there")


def read(raw: Path) -> ExceptionLedger:
    """The ledger of an archive; without entries if nothing was ever quarantined.

    Raises:
        TransformationError: it is damaged, or a newer version of this project has written it.
    """
    path = raw / _NAME
    try:
        lines = files.read(path).decode("utf-8").splitlines()
    except FileNotFoundError:
        return ExceptionLedger(path)
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None
    decisions: list[AnswerDecision] = []
    for number, line in enumerate(lines, 1):
        try:
            decision = _from_line(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _damaged(path, f"line {number} cannot be read") from None
        if decision.number != number or decision.before != (decisions[-1].hash if decisions else ""):
            raise _damaged(path, f"line {number} does not follow the line before")
        decisions.append(decision)
    return ExceptionLedger(path, tuple(decisions))


def append(raw: Path, new: list[NewDecision], decided_at: datetime, run: str) -> list[AnswerDecision]:
    """Write decisions to the end of the ledger, all or none.

    Raises:
        TransformationError: the ledger is damaged.
    """
    ledger = read(raw)
    decisions = list(ledger.decisions)
    for each in new:
        number, before = len(decisions) + 1, decisions[-1].hash if decisions else ""
        decisions.append(AnswerDecision(number=number, decided_at=decided_at, run=run, before=before, **asdict(each)))
    files.write(ledger.path, "".join(json.dumps(_plain(each)) + "\n" for each in decisions).encode())
    return decisions[len(ledger.decisions) :]


def _plain(decision: AnswerDecision) -> dict[str, Any]:
    return {"format": _FORMAT, **asdict(decision), "decided_at": decision.decided_at.isoformat()}


def _from_line(line: str) -> AnswerDecision:
    plain = json.loads(line)
    if plain.pop("format") != _FORMAT:
        raise ValueError("written by a newer version")
    decision = AnswerDecision(**{**plain, "decided_at": datetime.fromisoformat(plain["decided_at"])})
    texts = (each for name, each in asdict(decision).items() if name not in {"number", "rows", "decided_at"})
    is_whole = all(isinstance(each, str) for each in texts) and decision.decided_at.tzinfo == timezone.utc
    if not is_whole or decision.action not in {QUARANTINED, RELEASED} or _plain(decision) | plain != _plain(decision):
        raise ValueError(line)
    return decision


def _damaged(path: Path, why: str) -> TransformationError:
    return TransformationError(
        f"the ledger of exceptions is damaged: {why}", "restore it from a backup; it only ever grows", file=path
    )
