"""The gaps that a report shows: those of its window, and the first ones of all days that its list has room for.

Ten years of 20 coins have 30,000 gaps, and nearly all of them are single slots that stay open. DuckDB counts them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from btc_pipeline.warehouse import duckdb_files
from btc_pipeline.warehouse.duckdb_files import quoted

MOST_ROWS = 200
"""So many rows has a list of the page."""

States = Mapping[tuple[str, str, str], int]
"""How many gaps of a coin in a currency have a state."""


def query(
    connection: duckdb_files.Connection, order: str, first: date, last: date, requested: Collection[tuple[str, str]]
) -> str:
    """The query of the gaps to show: of `first` to `last`, both included, and the first ones of the list of all days.

    In the list open ones come first, then notable ones; then `order` counts. It is that of the pairs `requested`, or
    of all pairs if that is empty. A version before contract 3.0 has no column `is_notable`.
    """
    columns = {name for name, *_ in connection.execute("describe main.price_gaps").fetchall()}
    is_notable = "coalesce(is_notable, false)" if "is_notable" in columns else "false"
    pairs = ", ".join(f"({quoted(coin)}, {quoted(currency)})" for coin, currency in requested)
    is_requested = f"(coin_id, vs_currency) in ({pairs})" if pairs else "true"
    after = last + timedelta(days=1)
    return f"""
        select * exclude (place)
        from (
            select
                *, row_number() over (partition by {is_requested} order by state != 'open', not {is_notable}, {order})
                as place
            from main.price_gaps
        )
        where place <= {MOST_ROWS} or (gap_to > date {quoted(first.isoformat())} and gap_from < date '{after}')
        order by {order}
    """


def states(connection: duckdb_files.Connection) -> States:
    """How many gaps of each pair have each state."""
    found = connection.execute("select coin_id, vs_currency, state, count(*) from main.price_gaps group by all")
    return {(coin, currency, state): count for coin, currency, state, count in found.fetchall()}
