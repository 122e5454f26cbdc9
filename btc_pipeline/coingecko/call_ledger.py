"""The call ledger: counts each request that was sent to CoinGecko, across runs, errors included.

A table of a small DuckDB database of its own, `calls.duckdb`. The connector process writes a row before it sends, so no
call is lost if it is killed. `plan` and `status` read it. Knows no budget.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from btc_pipeline.warehouse import database_errors, duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

TABLE = "main.calls"

# called_at is UTC. A plan's quota belongs to its key, so calls are counted by plan and host.
_CREATE = f"create table if not exists {TABLE} (called_at timestamp, plan varchar, host varchar, path varchar)"


def month_of(moment: datetime) -> datetime:
    """The beginning of the UTC month of an instant."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def count(database: Path, plan: str, host: str, since: datetime) -> int:
    """How many calls were made since an instant (UTC); 0 if there was none.

    Raises:
        LockedDatabaseError: a run is at work.
    """
    with (
        suppress(FileNotFoundError, database_errors.MissingTableError),
        duckdb_files.opened(database, read_only=True) as ledger,
    ):
        return Ledger(ledger, plan, host).count(since)
    return 0


def prepare(database: Path) -> bool:
    """Make the ledger ready for writing; returns False if it was damaged and has been set aside."""
    is_whole = True
    try:
        _create(database)
    except database_errors.DamagedDatabaseError:
        duckdb_files.set_aside(database)
        _create(database)
        is_whole = False
    return is_whole


def note(database: Path, plan: str, host: str, path: str) -> bool:
    """Count a call that was made outside of the connector process; returns the same as `prepare`."""
    is_whole = prepare(database)
    with duckdb_files.opened(database, read_only=False) as connection:
        Ledger(connection, plan, host).add(datetime.now(timezone.utc), path)
    return is_whole


class Ledger:
    """The calls of one plan and host, on an open connection.

    Args:
        connection: of a database that `prepare` has made ready.
        plan: `keyless`, `demo` or `pro`.
        host: the host that is called.
    """

    def __init__(self, connection: duckdb_files.Connection, plan: str, host: str) -> None:
        self._connection = connection
        self._whose = f"plan = {quoted(plan)} and host = {quoted(host)}"
        self._values = f"{quoted(plan)}, {quoted(host)}"

    def count(self, since: datetime) -> int:
        """How many calls there were since an instant (UTC)."""
        ((number,),) = self._connection.execute(
            f"select count(*) from {TABLE} where {self._whose} and called_at >= {_timestamp(since)}"
        ).fetchall()
        return int(number)

    def since(self, moment: datetime) -> list[float]:
        """When the calls since an instant were made, as unix seconds, in order."""
        rows = self._connection.execute(
            f"select epoch(called_at) from {TABLE} where {self._whose} and called_at >= {_timestamp(moment)} order by 1"
        ).fetchall()
        return [float(second) for (second,) in rows]

    def add(self, moment: datetime, path: str) -> None:
        """Count a call that is about to be made; durable on return."""
        self._connection.execute(f"insert into {TABLE} values ({_timestamp(moment)}, {self._values}, {quoted(path)})")


def _create(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(_CREATE)
        duckdb_files.read_all(connection)


def _timestamp(moment: datetime) -> str:
    return f"'{moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat()}'::timestamp"
