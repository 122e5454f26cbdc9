"""Where things lie: one workspace per source, so that sample data is never mixed with real data.

Names paths and creates folders on demand; opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

SOURCES = ("live", "sample")


@dataclass(frozen=True)
class Workspace:
    """The files of one source below `data_dir`; `source` is one of SOURCES."""

    data_dir: Path
    source: str

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self.data_dir / self.source

    @property
    def cache(self) -> Path:
        """Airbyte's cache: schema raw, table market_chart."""
        return self.root / "cache.duckdb"

    @property
    def history_cache(self) -> Path:
        """Airbyte's cache of a backfill; not needed afterwards."""
        return self.temporary / "history_cache.duckdb"

    @property
    def calls(self) -> Path:
        """The ledger of calls to CoinGecko."""
        return self.root / "calls.duckdb"

    @property
    def names(self) -> Path:
        """CoinGecko's lists of coins and currencies."""
        return self.root / "names"

    @property
    def raw(self) -> Path:
        """The immutable raw archive."""
        return self.root / "raw"

    @property
    def work(self) -> Path:
        """dbt's database; the pipeline alone opens it."""
        return self.root / "work" / "crypto_data.duckdb"

    @property
    def last_candles(self) -> Path:
        """The pipeline's own copy of the candles that were published last."""
        return self.root / "work" / "last_version.parquet"

    @property
    def last_version(self) -> Path:
        """What proves that copy: checksums, and the facts about the version."""
        return self.root / "work" / "last_version.json"

    @property
    def compacted(self) -> Path:
        """The answers of the archive unpacked, in Parquet; derived."""
        return self.root / "work" / "answers"

    @property
    def published_marker(self) -> Path:
        """The marker with the checksum of the readers' database."""
        return self.markers / "published.json"

    @property
    def dbt_target(self) -> Path:
        """dbt's compiled project of this workspace."""
        return self.root / "work" / "dbt"

    @property
    def test_results(self) -> Path:
        """What the last build tested; Test judges it."""
        return self.root / "work" / "test_results.json"

    @property
    def published(self) -> Path:
        """The readers' database, replaced by rename only."""
        return self.root / "crypto_data.duckdb"

    @property
    def revisions(self) -> Path:
        """The ledger of what changed in published candles, one file for each run that changed any."""
        return self.root / "revisions"

    @property
    def failures(self) -> Path:
        """The record of runs that failed before their answers were verified."""
        return self.root / "failures"

    @property
    def proofs(self) -> Path:
        """The records of what the raw archive gives again."""
        return self.root / "proofs"

    @property
    def runs(self) -> Path:
        """The record of each published version, and its profile."""
        return self.root / "runs"

    @property
    def markers(self) -> Path:
        """JSON, one per finished step."""
        return self.root / "markers"

    @property
    def temporary(self) -> Path:
        """Private scratch folder; swept when a run begins to work."""
        return self.root / "tmp"

    @property
    def lock(self) -> Path:
        """The file that a working run holds a lock on."""
        return self.root / ".lock"

    @property
    def logs(self) -> Path:
        """Logs of the child processes."""
        return self.data_dir / "logs" / self.source

    def marker(self, step: str, day: date) -> Path:
        """The marker of a step for a day."""
        return self.markers / f"{step}_{day.isoformat()}.json"

    def span_marker(self, step: str, first: date, last: date) -> Path:
        """The marker of a step for a span of days."""
        return self.markers / f"{step}_{first.isoformat()}_{last.isoformat()}.json"

    def journal(self, day: date) -> Path:
        """What the steps of a day did."""
        return self.root / "journal" / f"{day.isoformat()}.json"

    @property
    def reports(self) -> Path:
        """The reports, one for each run's date and each backfill, and their index."""
        return self.root / "report"

    def report(self, day: date) -> Path:
        """The report of a day's run."""
        return self.reports / f"{day.isoformat()}.html"

    def span_report(self, first: date, last: date) -> Path:
        """The report of a backfill."""
        return self.reports / f"{first.isoformat()}_{last.isoformat()}.html"

    def chart(self, coin_id: str, vs_currency: str, day: date) -> Path:
        """The chart of a coin for a day."""
        return self.root / "charts" / f"{coin_id}_{vs_currency}_{day.isoformat()}.png"

    def overview(self, day: date) -> Path:
        """All charts of a day on one page; no chart of a coin has this name, for a currency is in it."""
        return self.root / "charts" / f"overview_{day.isoformat()}.png"
