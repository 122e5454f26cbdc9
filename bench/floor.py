"""What the candles of so many settled points cost, against SQL tuned by hand: `make bench ARGS="floor [POINTS]"`.

The points are SAMPLE and lie in Parquet, hourly, 100,000 of each coin, in the order of the stored points. Measured are

- by hand: one aggregation into a table, which is the least that candles can cost;
- the candles: `int_candles_settled`, and `int_candles_built` on top of it, a view as in the project, read as a whole;
- the same with `int_candles_built` written into a table of its own;
- the whole chain: the candles, and `int_days_settled`, which puts the points in order.

Each runs in a process of its own on a database of its own, within the same memory. `--rounds N` measures each so often,
in turn, and prints the median by CPU.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.growth import ROOT, Cost, cost_of
from btc_pipeline.transform import loader
from btc_pipeline.warehouse import duckdb_files

POINTS = 100_000_000
HOURS = 100_000
MEMORY = "6GB"

_POINTS = """
    copy (
        select
            'coin-' || lpad(coin::varchar, 4, '0') as coin_id, 'usd' as vs_currency, 'hourly' as granularity,
            1_400_000_000_000 + 3_600_000 * hour + (hash(hour) % 3_000_000)::bigint as observed_ms,
            epoch_ms(observed_ms) as observed_at, observed_at::date as date,
            100 + 50 * sin(hour / 1000) + (hash(coin, hour) % 1000) / 1000 as price,
            1e9 * price as market_cap, 1e7 * price as volume_24h, observed_at as last_extracted_at,
            1 + hour // 168 as load_number
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

_READ = "select bit_xor(hash(built)) from main.int_candles_built as built"
_WRITTEN = "create or replace table main.candles as from main.int_candles_built"
_CHECKED = """
    select count(*), bit_xor(hash(candles))
    from (
        select
            coin_id, vs_currency, granularity, date, open, high, low, close, volume_24h, market_cap, first_point_at,
            last_point_at
        from main.{table}
    ) as candles
"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print. A candle that differs from that by hand ends this program."""
    given = argparse.ArgumentParser(prog="bench floor")
    given.add_argument("points", nargs="?", type=int, default=POINTS)
    given.add_argument("--rounds", type=int, default=1)
    wanted = given.parse_args(arguments)
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty" / "crypto_data.duckdb"
        empty.parent.mkdir()
        models = _compiled(empty)
        hours = min(HOURS, wanted.points)
        path = _points(empty, wanted.points // hours, hours)
        print(f"{wanted.points:,} points, {path.stat().st_size / 1e6:,.0f} MB, memory {MEMORY}", flush=True)
        ways = {
            "by hand": [_BY_HAND],
            "candles": [models["int_candles_settled"], _READ],
            "candles, written twice": [models["int_candles_settled"], _WRITTEN],
            "whole chain": [models["int_candles_settled"], models["int_days_settled"], _READ],
        }
        for _ in range(wanted.rounds):
            found = set()
            for name, statements in ways.items():
                table = "by_hand" if statements == [_BY_HAND] else "int_candles_built"
                cost, candles = _timed(empty, statements, table)
                costs.setdefault(name, []).append(cost)
                found.add(candles)
            if len(found) > 1:
                sys.exit(f"the candles differ: {found}")
    medians = {name: sorted(each, key=lambda cost: cost.cpu)[len(each) // 2] for name, each in costs.items()}
    least = medians["by hand"]
    for name, cost in medians.items():
        ratio = f"{cost.wall / least.wall:>6.2f} times, CPU {cost.cpu / least.cpu:.2f} times"
        print(f"{name:<24}{cost.wall:>8.1f} s{cost.cpu:>8.1f} s of CPU{cost.memory:>8.0f} MB {ratio}")


def _compiled(database: Path) -> dict[str, str]:
    """The SQL of both models of the points, each into a table, as dbt compiles it for a first build, which is empty."""
    with duckdb_files.opened(database, read_only=False) as connection:
        loader.create_tables(connection)
    project, target = ROOT / "dbt_project", database.with_name("target")
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "run", "--quiet"),
            *("--select", "+int_candles_built", "+int_days_settled", "--project-dir", project),
            *("--profiles-dir", project, "--target-path", target, "--log-path", target),
        ],
        env={**os.environ, "BTC_PIPELINE_DATABASE": str(database)},
        check=True,
    )
    sql = {path.stem: path.read_text(encoding="utf-8") for path in target.glob("compiled/**/*.sql")}
    return {
        model: f"create or replace table main.{model} as ({sql[model]})"
        for model in ("int_candles_settled", "int_days_settled")
    }


def _points(database: Path, coins: int, hours: int) -> Path:
    """Points in Parquet, in place of those that the database's models read."""
    path = database.with_name("points.parquet")
    with duckdb_files.opened(database, read_only=False) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(_POINTS.format(coins=coins, hours=hours, path=path))
        connection.execute(f"create or replace view main.int_prices_settled as from read_parquet('{path}')")
    return path


def _timed(empty: Path, statements: Sequence[str], table: str) -> tuple[Cost, tuple[int, int]]:
    """What the statements cost on a new database; how many candles are in the table then, and a checksum of them."""
    program = (
        "import sys, duckdb; connection = duckdb.connect(sys.argv[1]);"
        f"connection.execute(\"set TimeZone = 'UTC'; set memory_limit = '{MEMORY}'\");"
        "[connection.execute(each).fetchall() for each in sys.argv[2:]]"
    )
    with tempfile.TemporaryDirectory(dir=empty.parent) as folder:
        database = Path(folder) / empty.name
        shutil.copyfile(empty, database)
        cost = cost_of([sys.executable, "-c", program, str(database), *statements])
        with duckdb_files.opened(database, read_only=True) as connection:
            ((number, checksum),) = connection.execute(_CHECKED.format(table=table)).fetchall()
    return cost, (number, checksum)
