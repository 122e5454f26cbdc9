"""When the gate changes, it looks at the archive again: what it had admitted and now refuses is quarantined.

So a stricter gate does not change the past silently: each answer that goes has an entry in the ledger of exceptions.
Writes the ledger, and beside it which gate has looked at the archive last. Imports nothing of dbt.

    raw/gate.json    the fingerprint of that gate; missing or damaged: it looks again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.coingecko.streams import STREAMS
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.lake.exceptions import AnswerDecision, ExceptionLedger, NewDecision
from btc_pipeline.system import digest, records
from btc_pipeline.transform.tables import OHLC_TABLE, RAW_TABLE
from btc_pipeline.verify import stored
from btc_pipeline.verify.gate import BadAnswerError
from btc_pipeline.warehouse import database_errors, duckdb_files

_NAME = "gate.json"


@dataclass(frozen=True)
class Look:
    """Who looks, and at what. `code` is the hash of the gate's code.

    dbt's `database` says which answers were admitted; if it is lost, the `published` file says up to when.
    """

    raw: Path
    database: Path
    published: Path
    provenance: str
    code: str
    repeat_hours: float
    decided_at: datetime
    run: str

    @property
    def fingerprint(self) -> str:
        """One hash of all that decides about a stored answer; how fresh it was is no part of it."""
        return digest.of(self.code, self.repeat_hours, self.provenance)


@dataclass(frozen=True)
class Seen:
    """How many answers the gate was asked about again, and the entries about those that it now refuses."""

    answers: int = 0
    decisions: tuple[AnswerDecision, ...] = ()


def look_again(look: Look) -> Seen:
    """Ask the gate again about all admitted answers, if it is not the gate that has looked last.

    A released answer is asked about too, but not about the checks that it was released from. A damaged
    answer is left to the loader, which names it.

    Raises:
        TransformationError: the ledger is damaged.
    """
    if records.read(look.raw / _NAME).get("fingerprint") == look.fingerprint or not look.raw.exists():
        return Seen()
    ledger = exceptions.read(look.raw)
    admitted = _admitted(look, ledger)
    refused = [new for entry in admitted if (new := _refused(look, ledger, entry))]
    decisions = exceptions.append(look.raw, refused, look.decided_at, look.run) if refused else []
    records.write(look.raw / _NAME, {"fingerprint": look.fingerprint})  # last: after a crash it looks again
    return Seen(len(admitted), tuple(decisions))


def _admitted(look: Look, ledger: ExceptionLedger) -> Sequence[raw_archive.Entry]:
    """The answers that the gate has admitted, and that are not in quarantine, in the order of extraction."""
    loaded = _loaded(look)
    until = None if loaded is not None else _published_until(look.published)
    return [
        entry
        for stream in STREAMS
        for entry in raw_archive.entries(look.raw, stream)[0]
        if entry.request.provenance == look.provenance
        and entry.file not in ledger.quarantined
        and (entry.file in (loaded or ()) or (until is not None and entry.request.extracted_at <= until))
    ]


def _loaded(look: Look) -> set[str] | None:
    """The answers in dbt's database. None: it is lost, or not of this source."""
    if not look.database.exists():
        return None
    try:
        with duckdb_files.opened(look.database, read_only=True) as connection:
            built_from = connection.execute("select version from pipeline.built_from").fetchall()
            files_of = f"select archive_file from {RAW_TABLE} union select archive_file from {OHLC_TABLE}"
            loaded = {file for (file,) in connection.execute(files_of).fetchall()}
    except database_errors.LockedDatabaseError:
        raise
    except (database_errors.DatabaseError, duckdb_files.AnyError):
        return None
    is_whole = bool(built_from) and built_from[0][0].endswith(f" {look.provenance}")
    return loaded if is_whole else None


def _published_until(published: Path) -> datetime | None:
    """When the newest answer of the published version was extracted; None if nothing is published."""
    try:
        with duckdb_files.opened(published, read_only=True) as connection:
            ((newest,),) = connection.execute("select max(extracted_at) from daily_candlestick").fetchall()
    except (FileNotFoundError, database_errors.DatabaseError, duckdb_files.AnyError):
        return None
    return newest.replace(tzinfo=timezone.utc) if newest else None


def _refused(look: Look, ledger: ExceptionLedger, entry: raw_archive.Entry) -> NewDecision | None:
    """The entry about an answer, if the gate refuses it now."""
    try:
        stored.admit(look.raw, entry, ledger, look.repeat_hours)
    except raw_archive.DamagedAnswerError:
        return None
    except BadAnswerError as error:
        return NewDecision(
            action=exceptions.QUARANTINED,
            archive_file=entry.file,
            sha256=entry.sha256,
            check=error.check,
            rows=0,
            by=error.check,
            reason=f"the gate has become stricter: {error}",
        )
    return None
