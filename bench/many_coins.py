"""The yardstick of a run of many coins: one HTTP request after the other, each answer inserted into DuckDB.

python -m bench.many_coins BASE_URL DATABASE FROM TO COIN,COIN,...
"""

import json
import sys
import urllib.request

import duckdb

_STREAMS = (
    "market_chart/range?vs_currency=usd&from={first}&to={last}",
    "market_chart?vs_currency=usd&days=1",
    "ohlc?vs_currency=usd&days=14",
)


def main(base_url: str, database: str, first: str, last: str, coins: str) -> None:
    """What a run requests, three answers for each coin: every point is a row."""
    with duckdb.connect(database) as connection:
        connection.execute("create table points (coin varchar, stream varchar, point double[])")
        for coin in coins.split(","):
            for stream in _STREAMS:
                url = f"{base_url}/coins/{coin}/{stream.format(first=first, last=last)}"
                with urllib.request.urlopen(url) as response:
                    answer = json.load(response)
                points = answer["prices"] if isinstance(answer, dict) else answer
                connection.execute(
                    "insert into points select ?, ?, unnest(from_json(?, '[[\"DOUBLE\"]]'))",
                    [coin, stream, json.dumps(points)],
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
