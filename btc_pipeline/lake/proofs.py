"""The records of proofs: each says which days of the published history the raw archive has not given again.

    proofs/20261122T021000.000000Z.json    one for each proof; the newest one counts

The days of the newest record are not reproduced: their candles are `provisional` until a proof finds them equal. Opens
no connection; is given one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.market import instants
from btc_pipeline.system import records

if TYPE_CHECKING:
    from btc_pipeline.warehouse import duckdb_files

FORMAT = 1
TABLE = "pipeline.unproved_days"
NONE = "none"

_NOT_REPRODUCED, _NOT_PROVED = "not reproduced on", "not proved on"

Day = tuple[str, str, str]
"""Coin, currency and UTC day, `YYYY-MM-DD`."""


@dataclass(frozen=True)
class Proof:
    """What a proof has found. `proved_at` is in UTC; `lost` are loaded answers that the archive has no more.

    `failed` says which test failed on what the archive gives; then nothing was compared.
    """

    proved_at: str
    source: str
    build: str
    candles: int
    checks: int
    differences: int
    days: tuple[Day, ...] = ()
    lost: tuple[str, ...] = ()
    failed: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether the archive gives what is published."""
        return not (self.differences or self.failed)


def text(proof: Proof | None) -> str:
    """What a proof has found, in one line."""
    if proof is None:
        return "not proved yet"
    on = proof.proved_at[:10]
    if proof.is_equal:
        return f"proved on {on}: the archive gives all {proof.candles:,} candles again"
    days = "1 day" if len(proof.days) == 1 else f"{len(proof.days):,} days"
    if proof.failed:
        return f"{_NOT_PROVED} {on}: what the archive gives fails a test, on {days}"
    return f"{_NOT_REPRODUCED} {on}: the archive gives something else on {days}"


def is_bad(told: str) -> bool:
    """Whether a line that `text` made is about a proof that found something."""
    return told.startswith((_NOT_REPRODUCED, _NOT_PROVED))


def keep(folder: Path, proof: Proof, at: datetime) -> None:
    """Keep a record."""
    records.write(folder / f"{at:%Y%m%dT%H%M%S.%fZ}.json", {"format": FORMAT, **asdict(proof)})


def newest(folder: Path, source: str) -> tuple[str, Proof | None]:
    """The name and the newest record of a source; `NONE` if nothing was proved yet. A damaged one is passed over."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        proof = _read(path)
        if proof and proof.source == source:
            return path.stem, proof
    return NONE, None


def of_name(folder: Path, name: str) -> Proof | None:
    """The record of that name; None if it is gone or damaged."""
    return _read(folder / f"{name}.json") if name != NONE else None


def load(connection: duckdb_files.Connection, days: Sequence[Day]) -> None:
    """Fill the table `pipeline.unproved_days` anew."""
    connection.execute(f"delete from {TABLE}")
    if days:
        connection.executemany(f"insert into {TABLE} values (?, ?, ?::date)", [list(day) for day in days])


def _read(path: Path) -> Proof | None:
    record = records.read(path, {"format", *Proof.__dataclass_fields__})
    try:
        if record.pop("format", None) != FORMAT:
            return None
        days = tuple((str(coin), str(currency), str(day)) for coin, currency, day in record.pop("days"))
        proof = Proof(**record | {"days": days, "lost": tuple(map(str, record.pop("lost")))})
        instants.parse(proof.proved_at)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return proof
