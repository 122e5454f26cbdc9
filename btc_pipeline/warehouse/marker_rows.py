"""The SQL of marker rows: their table, and what describes the content of another table.

Texts only: opens nothing, and does not import DuckDB. Imports nothing of the project.
"""

from __future__ import annotations


def create_markers(table: str) -> str:
    """The DDL of a table of marker rows."""
    return (
        f"create table if not exists {table} (number bigint, step varchar, day date, fingerprint varchar,"
        " stamp varchar, row_count bigint, content_hash varchar)"
    )


def content(table: str) -> str:
    """Two SQL expressions: the number of a table's rows, and an order-free hash of what is in them.

    The hash of a row is hashed again: the first one combines those of its values so that two rows which swap a value
    would have the same sum. Another DuckDB may hash values otherwise; then a step is done once more.
    """
    hashed = f"select coalesce(bit_xor(hash(hash(each))), 0)::varchar from {table} as each"
    return f"(select count(*) from {table}), ({hashed})"


def content_of_text(table: str) -> str:
    """As `content`, of the rows as text: ten times as slow. Records of versions before `content` have this hash."""
    hashed = f"select coalesce(bit_xor(hash(each::varchar)), 0)::varchar from {table} as each"
    return f"(select count(*) from {table}), ({hashed})"
