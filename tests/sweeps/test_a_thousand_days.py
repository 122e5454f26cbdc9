"""A thousand nights, built anew with all threads: DuckDB 1.4.3 crashed there. And the proof of three coins of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bench import growth, worlds
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import dbt_build, judge, rebuilt
from btc_pipeline.warehouse import duckdb_files, duckdb_release
from tests.e2e.command_line import Pipeline
from tests.e2e.published import rows
from tests.publish.test_swap import SETTINGS
from tests.support.swept import swept

DAYS, BUILDS = 1000, 10
YESTERDAY = growth.NOW - timedelta(days=1)
COINS = [coin["id"] for coin in synthetic.coins_list()[:3]]


def built_anew(folder):
    """A thousand nights of bitcoin, built in one go; the candles of all days have to be there."""
    workspace = worlds.make(folder / "data", ["bitcoin"], DAYS, YESTERDAY, answers_each_day=True)
    settings = replace(SETTINGS, data_dir=workspace.data_dir, now=YESTERDAY)
    models = Transform(date=YESTERDAY.date()).sources_hash()
    built = dbt_build.build(settings, workspace, dbt_build.Build("Transform", YESTERDAY.date(), "a build's", models))
    checks = judge.judge(settings, workspace, built.stamp)
    assert set(checks.values()) <= {"pass", "warn"}
    with duckdb_files.opened(workspace.work, read_only=True) as connection:
        counted = connection.execute("select status, count(*) from main.daily_candlestick group by all").fetchall()
    assert sum(count for _, count in counted) == DAYS + worlds.WINDOW


def proved(folder):
    """A thousand days of three coins: the next night, then the proof and `replay` find the same rows in the archive."""
    data_dir = folder / "data"
    worlds.make(data_dir, COINS, DAYS, YESTERDAY)
    pipeline = Pipeline(data_dir, ("--pipeline-source", "sample", "--pipeline-coins", ",".join(COINS)))
    for now in (YESTERDAY, growth.NOW):
        result = pipeline.run("Publish", now=now.isoformat())
        assert result.exit_code == 0, result.stderr
    result = pipeline.run("ProveHistory", now=growth.NOW.isoformat())
    assert (result.exit_code, "differences=0" in result.stderr) == (0, True), result.stderr
    settings = replace(SETTINGS, data_dir=data_dir, source="sample", coins=tuple(COINS), now=growth.NOW)
    models = Transform(date=growth.NOW.date()).sources_hash()
    compared = rebuilt.compare(settings, Workspace(data_dir, "sample"), models)
    published = rows(Workspace(data_dir, "sample").published, "from daily_candlestick")
    assert (compared.differences, compared.lost) == ([], [])
    assert compared.candles == len(published) >= len(COINS) * DAYS


@pytest.mark.parametrize("case", swept([*range(BUILDS), "proof"]))
def test_a_thousand_days(case, tmp_path):
    assert not duckdb_release.crashes_with_threads(duckdb_files.VERSION)  # then it would work with one thread
    proved(tmp_path) if case == "proof" else built_anew(tmp_path)
