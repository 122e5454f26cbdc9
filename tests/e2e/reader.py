"""A reader of the published database, in a process of its own: `python reader.py hold|reopen DATABASE`.

`hold` keeps the database open and looks at it once for each line on stdin; `reopen` opens it anew, again and again,
until stdin ends. Both print what they see, one line of JSON for each look: the publication's facts, and a hash of the
candles that were published with them. An error is seen as well. Knows the published contract and nothing else.
"""

import json
import os
import sys
import threading

import duckdb

QUERY = """
    select (select map_from_entries(list((key, value))) from main.publication),
        (select count(*) from main.daily_candlestick),
        (select bit_xor(hash(candle))::varchar from main.daily_candlestick as candle)
"""


def look(connection: duckdb.DuckDBPyConnection) -> None:
    """Print one line."""
    facts, candles, content = connection.execute(QUERY).fetchall()[0]
    print(json.dumps({"published_at": facts["published_at"], "candles": candles, "content": content}), flush=True)


def hold(database: str) -> None:
    """Look through one connection."""
    with duckdb.connect(database, read_only=True) as connection:
        look(connection)
        for _ in sys.stdin:
            look(connection)


def reopen(database: str) -> None:
    """Look through a new connection each time."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    while True:
        try:
            with duckdb.connect(database, read_only=True) as connection:
                look(connection)
        except duckdb.Error as error:
            print(json.dumps({"error": str(error)}), flush=True)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    {"hold": hold, "reopen": reopen}[sys.argv[1]](sys.argv[2])
