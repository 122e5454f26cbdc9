"""Answers put into the archive as an extraction would; from there on the real loader, dbt and tests."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import raw_archive
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import dbt_build, judge, touched_days
from btc_pipeline.warehouse import duckdb_files
from tests.publish.test_swap import SETTINGS

MODELS = Transform(date=date(2026, 5, 15)).sources_hash()  # whose unit tests have run when the project was installed


def archive(workspace, settings, stream, start, now, coin_id="bitcoin", change=lambda chart: None, vs_currency="usd"):
    """Put what the market gives at `now`, changed or not, into the archive, as the answer of a run."""
    request = raw_archive.Request(coin_id, vs_currency, now.date(), start, now, now, settings.provenance, stream)
    chart = synthetic.market_chart(coin_id, vs_currency, start, now, now)
    change(chart)
    return raw_archive.keep(workspace.raw, request, json.dumps(chart).encode())


class BuiltWorld:
    """A workspace whose archive gets answers, and what each build makes of them."""

    def __init__(self, folder, now, pairs=(), run=""):
        """The builds of a `run` may quarantine answers. `pairs`: those that it requests, or those of the settings."""
        self.now, self.pairs, self.run, self.gate = now, pairs, run, "the gate"
        self.models, self.points, self.answers = MODELS, "points-1", ""
        self.workspace = Workspace(folder / "data", "sample")
        self.workspace.temporary.mkdir(parents=True)
        self.settings = replace(SETTINGS, data_dir=self.workspace.root.parent, now=now)

    def keep(self, now, days, change=lambda chart: None, coin_id="bitcoin", vs_currency="usd"):
        """Put the hourly answer of a run at `now` into the archive, changed or not; it begins so many days before."""
        start = datetime.combine(now.date() - timedelta(days=days), datetime.min.time(), timezone.utc)
        stream = streams.MARKET_CHART
        return archive(self.workspace, self.settings, stream, start, now, coin_id, change, vs_currency)

    def keep_fine(self, now, change=lambda chart: None, coin_id="bitcoin"):
        """Put the 5-minute answer of a run at `now` into the archive, changed or not."""
        start = now - timedelta(days=1)
        return archive(self.workspace, self.settings, streams.CHART_5M, start, now, coin_id, change)

    def build(self, now=None):
        """Load, build, run the tests and judge them, as the steps Transform and Test do. Returns what was decided."""
        until = now or self.now
        settings = replace(self.settings, now=until)
        made_from = "Transform", until.date(), "good", self.models
        build = dbt_build.Build(*made_from, self.pairs, until=until, run=self.run)
        build = replace(build, points=self.points, gate=self.gate, answers=self.answers)
        built = dbt_build.build(settings, self.workspace, build)
        judge.judge(settings, self.workspace, built.stamp)
        return [(each.action, each.archive_file) for each in built.decisions]

    def anew(self, now):
        """The candles of a build of the whole archive at once, which decides nothing."""
        kept = self.workspace.work.read_bytes()
        self.workspace.work.unlink()
        assert self.build(now) == []
        rows = self.query("from daily_candlestick order by all")
        self.workspace.work.write_bytes(kept)
        return rows

    def remove(self, entry):
        """Take an answer out of the archive and of the database."""
        (self.workspace.raw / entry.file).unlink()
        with duckdb_files.opened(self.workspace.work, read_only=False) as connection:
            touched_days.forget(connection, [entry.file])

    def query(self, sql):
        """The rows of a query, or of a change, in dbt's database."""
        with duckdb.connect(str(self.workspace.work)) as connection:
            return connection.execute(sql).fetchall()
