"""How a DuckDB file can fail to be read. To catch these errors, nobody has to import DuckDB.

Imports nothing of the project.
"""

from __future__ import annotations


class DatabaseError(Exception):
    """A database could not be used."""


class LockedDatabaseError(DatabaseError):
    """Another process has the database open, so its content cannot be read."""


class DamagedDatabaseError(DatabaseError):
    """The file is not a whole DuckDB database."""


class MissingTableError(DatabaseError):
    """A query names a table or a column that does not exist."""
