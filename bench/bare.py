"""The yardstick of a full run: fetch over HTTP, aggregate in DuckDB, draw with mplfinance, and nothing else.

python bench/bare.py BASE_URL FROM TO PNG
"""

import json
import sys
import urllib.request

import duckdb
import mplfinance
import pandas


def main(base_url: str, first: str, last: str, png: str) -> None:
    """Fetch, aggregate, draw."""
    url = f"{base_url}/coins/bitcoin/market_chart/range?vs_currency=usd&from={first}&to={last}"
    with urllib.request.urlopen(url) as response:
        prices = pandas.DataFrame(json.load(response)["prices"], columns=["ms", "price"])
    connection = duckdb.connect()
    connection.register("prices", prices)
    candles = connection.execute(
        "select epoch_ms(ms::bigint)::date as date, min_by(price, ms) as Open, max(price) as High,"
        " min(price) as Low, max_by(price, ms) as Close from prices group by 1 order by 1"
    ).df()
    mplfinance.plot(candles.set_index(pandas.DatetimeIndex(candles.pop("date"))), type="candle", savefig=png)


if __name__ == "__main__":
    main(*sys.argv[1:])
