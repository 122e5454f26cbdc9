"""What the candles of so many settled points cost, against SQL tuned by hand: `make bench ARGS="floor [POINTS]"`.

The points are SAMPLE and lie in Parquet, hourly, of a hundred coins. Ours is `int_days_settled`, which reads each point
once, and `int_candles_built` on top of it; by hand it is one aggregation, which finds no stretch, jump or slot. Each
runs in a process of its own, within the same memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.growth import ROOT, Cost, cost_of
from btc_pipeline.transform import loader
from btc_pipeline.warehouse import duckdb_files

POINTS = 10_000_000
COINS = 100
MEMORY = "8GB"

_POINTS = """
    copy (
        select
            'coin-' || lpad(coin::varchar, 3, '0') as coin_id, 'usd' as vs_currency, 'hourly' as granularity,
            1_400_000_000_000 + 3_600_000 * hour + hash(hour) % 3_000_000 as observed_ms,
            epoch_ms(observed_ms::bigint) as observed_at, observed_at::date as date,
            100 + 50 * sin(hour / 1000) + (hash(coin, hour) % 1000) / 1000 as price,
            1e9 * price as market_cap, 1e7 * price as volume_24h, observed_at as last_extracted_at, 1 as load_number
        from range({coins}) as coins(coin), range({hours}) as hours(hour)
    ) to '{path}'
"""

_BY_HAND = """
    create or replace table main.by_hand as
    select
        coin_id, vs_currency, granularity, date,
        min_by(price, observed_ms) as open, max(price) as high, min(price) as low, max_by(price, observed_ms) as close,
        max_by(volume_24h, observed_ms) as volume_24h, max_by(market_cap, observed_ms) as market_cap,
        min(observed_at) as first_point_at, max(observed_at) as last_point_at
    from main.int_prices_settled
    group by all
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    points = int(arguments[0]) if arguments else POINTS
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "crypto_data.duckdb"
        queries = _compiled(database)
        with duckdb_files.opened(database, read_only=False) as connection:
            path = Path(folder) / "points.parquet"
            connection.execute(_POINTS.format(coins=COINS, hours=points // COINS, path=path))
            connection.execute(f"create or replace view main.int_prices_settled as from read_parquet('{path}')")
        print(f"{points:,} points, {path.stat().st_size / 1e6:,.0f} MB")
        least = _timed(database, [_BY_HAND])
        ours = _timed(database, queries)
    for name, cost in (("by hand", least), ("ours", ours)):
        ratio = f"{cost.wall / least.wall:>6.2f} times, CPU {cost.cpu / least.cpu:.2f} times"
        print(f"{name:<10}{cost.wall:>8.1f} s{cost.cpu:>8.1f} s of CPU{cost.memory:>8.0f} MB {ratio}")


def _compiled(database: Path) -> list[str]:
    """The SQL of both models, as dbt compiles it for a first build, which makes them empty; each into a table."""
    with duckdb_files.opened(database, read_only=False) as connection:
        loader.create_tables(connection)
    project, target = ROOT / "dbt_project", database.with_name("target")
    subprocess.run(
        [
            *(
                Path(sys.executable).with_name("dbt"),
                "run",
                "--quiet",
                "--select",
                "+int_candles_built",
                "--project-dir",
                project,
            ),
            *("--profiles-dir", project, "--target-path", target, "--log-path", target),
        ],
        env={**os.environ, "BTC_PIPELINE_DATABASE": str(database)},
        check=True,
    )
    sql = {path.stem: path.read_text(encoding="utf-8") for path in target.glob("compiled/**/*.sql")}
    return [
        f"create or replace table main.int_days_settled as ({sql['int_days_settled']})",
        f"create or replace table main.candles as ({sql['int_candles_built']})",
    ]


def _timed(database: Path, statements: Sequence[str]) -> Cost:
    """What the statements cost in a process of their own."""
    program = (
        "import sys, duckdb; connection = duckdb.connect(sys.argv[1]);"
        f"connection.execute(\"set TimeZone = 'UTC'; set memory_limit = '{MEMORY}'\");"
        "[connection.execute(each) for each in sys.argv[2:]]"
    )
    return cost_of([sys.executable, "-c", program, str(database), *statements])
