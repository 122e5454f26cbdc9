"""Publishing: the tested tables become the readers' database with one rename.

The published file is never opened for writing: a reader who has it open keeps the old version, whole, and whoever
opens the path finds the old version or the new one.
"""

from __future__ import annotations

from datetime import date, datetime, timezone

from btc_pipeline import files, warehouse
from btc_pipeline.settings import Settings
from btc_pipeline.warehouse import quoted
from btc_pipeline.world import World

CONTRACT = "1.0"
"""The version of the published tables; a change that breaks a reader raises its first number."""

TABLES = {
    "daily_candlestick": "coin_id, vs_currency, date",
}
"""The published tables, and what each is ordered by."""


def swap_in(settings: Settings, world: World, day: date) -> int:
    """Copy the candles, and facts about this version, into a new file and rename it over the published one.

    Returns:
        The number of candles published.
    """
    fresh = world.temporary / world.published.name
    fresh.unlink(missing_ok=True)
    with warehouse.opened(fresh, read_only=False) as connection:
        connection.execute(f"attach {quoted(str(world.work))} as tested (read_only)")
        for table, order in TABLES.items():
            connection.execute(f"create table main.{table} as select * from tested.main.{table} order by {order}")
        (candles, as_of) = connection.execute(
            "select count(*), max(extracted_at) from main.daily_candlestick"
        ).fetchall()[0]
        about = {
            "contract": CONTRACT,
            "source": settings.provenance,
            "is_sample": str(settings.is_sample).lower(),
            "run_date": day.isoformat(),
            "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}" if as_of else "",
            "published_at": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        }
        rows = ", ".join(f"({quoted(key)}, {quoted(value)})" for key, value in about.items())
        connection.execute(f"create table main.publication as select * from (values {rows}) as facts(key, value)")
        connection.execute("detach tested")
    # Left by a reader who wrote into the old version and died; it must not be applied to the new one
    world.published.with_name(world.published.name + ".wal").unlink(missing_ok=True)
    fresh.chmod(0o444)
    files.move_into_place(fresh, world.published)
    return int(candles)
