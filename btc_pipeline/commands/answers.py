"""`btc-pipeline answers`, `quarantine`, `release`: the exceptions of the archive, and a person's decisions about them.

The next run applies a decision. Reads the archive; writes its ledger of exceptions only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.lake.exceptions import PERSON, QUARANTINED, RELEASED, AnswerDecision, NewDecision
from btc_pipeline.market import instants
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import lock
from btc_pipeline.verify import stored
from btc_pipeline.verify.gate import BadAnswerError

_NAME = re.compile(r"[A-Za-z0-9_.=/-]{1,300}")
_LONGEST_REASON = 500
_SHOWN = 3
_NEXT = "the next run of the pipeline builds its days anew"


def text(workspace: Workspace, coins: Sequence[str]) -> str:
    """All decisions of the ledger, in their order, of all coins or of some.

    Raises:
        TransformationError: the ledger is damaged.
    """
    ledger = exceptions.read(workspace.raw)
    wanted = [each for each in ledger.decisions if not coins or coin_of(each) in coins]
    if not wanted:
        return "no answer is, or was, in quarantine" + (f": {', '.join(coins)}" if coins else "")
    return "\n\n".join("\n".join(lines(each, ledger)) for each in wanted)


def lines(decision: AnswerDecision, ledger: exceptions.ExceptionLedger) -> list[str]:
    """A decision as text; says whether a later one has replaced it."""
    by = "a person" if decision.by == PERSON else "a check"
    replaced = "" if ledger.newest[decision.archive_file] == decision else "  (replaced by a later decision)"
    return [
        f"{decision.number}  {instants.text(decision.decided_at)}  {decision.action} by {by}{replaced}",
        f"   {decision.archive_file}",
        f"   {decision.reason}",
    ]


def coin_of(decision: AnswerDecision) -> str:
    """The coin of the answer that a decision is about."""
    return decision.archive_file.split("/")[1].partition("=")[2]


def quarantine(settings: Settings, workspace: Workspace, name: str, reason: str) -> str:
    """Put an answer into quarantine: it is not loaded again unless it is released.

    Raises:
        ConfigurationError: there is no such answer, or more than one; it is damaged, or in quarantine; no reason.
        AlreadyRunningError: a run is at work.
        TransformationError: the ledger is damaged.
    """
    _hold(workspace)
    file = _one(raw_archive.named(workspace.raw, _checked(name)), name)
    ledger = exceptions.read(workspace.raw)
    if file in ledger.quarantined:
        raise ConfigurationError(f"{file} is in quarantine already", "btc-pipeline answers shows why")
    return _decide(settings, workspace, QUARANTINED, file, reason)


def release(settings: Settings, workspace: Workspace, name: str, reason: str) -> str:
    """Take an answer out of quarantine: the next run loads it. The check that found it does not quarantine it again.

    Raises:
        ConfigurationError: no such answer, or more than one, is in quarantine; it is damaged; the gate would refuse it
            all the same; there is no reason.
        AlreadyRunningError: a run is at work.
        TransformationError: the ledger is damaged.
    """
    _hold(workspace)
    ledger = exceptions.read(workspace.raw)
    wanted = _checked(name)
    file = _one([each for each in ledger.quarantined if raw_archive.has_name(each, wanted)], name, "in quarantine")
    _check_it_passes(settings, workspace, file, ledger)
    return _decide(settings, workspace, RELEASED, file, reason)


def _hold(workspace: Workspace) -> None:
    if not workspace.raw.is_dir():
        raise ConfigurationError(f"there is no archive: {workspace.raw}", "go to its folder, or choose its source")
    lock.hold_and_sign(workspace.lock)


def _check_it_passes(settings: Settings, workspace: Workspace, file: str, ledger: exceptions.ExceptionLedger) -> None:
    """Check that the gate lets the answer pass once it is released; `_decide` looks whether it is damaged."""
    try:
        entry = raw_archive.entry(workspace.raw, file)
        stored.admit(workspace.raw, entry, ledger.releasing(file), settings.repeat_hours)
    except raw_archive.DamagedAnswerError:
        return
    except BadAnswerError as error:
        raise ConfigurationError(
            f"the gate refuses {file} all the same: {error}", "leave it: the next good answer brings its days"
        ) from None


def _decide(settings: Settings, workspace: Workspace, action: str, file: str, reason: str) -> str:
    said = " ".join(reason.split())
    if not said or len(said) > _LONGEST_REASON or not said.isprintable():
        raise ConfigurationError(
            f"bad --reason: it needs 1 to {_LONGEST_REASON} printable characters",
            "say why, for those who read it later",
        )
    known = exceptions.read(workspace.raw).newest.get(file)
    try:
        entry = raw_archive.entry(workspace.raw, file)
        entry.read(workspace.raw)
    except raw_archive.DamagedAnswerError as error:
        raise ConfigurationError(
            f"the answer is damaged: {error}", "restore it from a backup; a damaged answer is never loaded"
        ) from None
    new = NewDecision(
        action=action,
        archive_file=file,
        sha256=entry.sha256,
        check=known.check if known else "",
        rows=known.rows if known else 0,
        by=PERSON,
        reason=said,
    )
    (decision,) = exceptions.append(workspace.raw, [new], settings.instant(), CURRENT.run)
    return "\n".join([*lines(decision, exceptions.read(workspace.raw)), f"   {_NEXT}"])


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or ".." in name or name.startswith("/"):
        raise ConfigurationError(
            f"bad answer {name[:60]!r}: it is not the name of an archived answer",
            "copy one from btc-pipeline why, e.g. 20261123T134500000Z-1f2e3d4c",
        )
    return name


def _one(found: Sequence[str], name: str, where: str = "in the archive") -> str:
    if not found:
        raise ConfigurationError(f"no answer {name} is {where}", "btc-pipeline answers, or btc-pipeline why COIN DAY")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:_SHOWN])
        raise ConfigurationError(f"{len(found)} answers {where} are named {name}: {some}", "give more of the name")
    return found[0]
