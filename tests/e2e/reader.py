"""A reader of the published database, in a process of its own: `python reader.py hold|reopen DATABASE`.

`hold` keeps the database open, looks at it once for each line on stdin, and prints what it sees. `reopen` opens it
anew, again and again, until stdin ends, and prints what it sees when it is not what it saw before. A line of JSON holds
when the version was published, the number of candles and a hash of them; an error is seen as well. Knows the published
contract and nothing else.
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


def look(connection: duckdb.DuckDBPyConnection) -> str:
    """What is there now."""
    facts, candles, content = connection.execute(QUERY).fetchall()[0]
    return json.dumps({"published_at": facts["published_at"], "candles": candles, "content": content})


def hold(database: str) -> None:
    """Look through one connection."""
    with duckdb.connect(database, read_only=True) as connection:
        print(look(connection), flush=True)
        for _ in sys.stdin:
            print(look(connection), flush=True)


def reopen(database: str) -> None:
    """Look through a new connection each time."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    before = ""
    while True:
        try:
            with duckdb.connect(database, read_only=True) as connection:
                seen = look(connection)
        except duckdb.Error as error:
            seen = json.dumps({"error": str(error)})
        if seen != before:
            print(seen, flush=True)
        before = seen


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    {"hold": hold, "reopen": reopen}[sys.argv[1]](sys.argv[2])
