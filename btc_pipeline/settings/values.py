"""The settings of a run: each field is the row of one setting, and the only place where that setting is declared.

Knows neither Luigi nor luigi.cfg: `reader` makes a `Settings` from them. To add a setting, see docs/extending.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from btc_pipeline.market.pair import Pair
from btc_pipeline.settings import api_key, parsers, plans
from btc_pipeline.settings.bounds import number, one_of, true_or_false, whole_number
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.settings.plans import KEYLESS, PLANS
from btc_pipeline.settings.rows import SettingRow, rows_of, setting

ABOUT = {
    "pipeline": "What is fetched, how it is judged, and where it lies.",
    "coingecko": "How CoinGecko is called.",
    "chart": "How the charts look. These settings change no data.",
}
"""The sections of luigi.cfg, and what each is about."""

_EXTRACTION = ("ExtractAndLoad", "ExtractHistory")
_OF_PAIRS = ("VerifyData", "ExtractHistory")
"""Not `ExtractAndLoad`: each pair has its own place in its record, and what is missing there is requested."""


@dataclass(frozen=True)
class Settings:
    """All settings of a run, validated; `Settings()` has the defaults. `now` is None if the clock is to be read."""

    data_dir: Path = setting(
        "pipeline",
        "data",
        parsers.path,
        "Folder of everything that is made. A relative path starts at the current folder.",
        effect="Each folder has its own data: in a new one all steps run.",
        hidden="where it lies on a machine is private",
    )
    source: str = setting(
        "pipeline",
        "live",
        one_of("live", "sample"),
        "Where prices come from: CoinGecko, or the replay server that comes with the project.",
        steps=_EXTRACTION,
        counts_as="provenance",
        effect="Each source has its own data: the steps of the other one run.",
    )
    recordings: Path | None = setting(
        "pipeline",
        "",
        parsers.optional_path,
        "With `source = sample`: a folder of recorded answers of the real API. They are replayed instead of the "
        "synthetic market.",
        steps=_EXTRACTION,
        counts_as="provenance",
        shown=lambda folder: str(folder.name),
    )
    coins: tuple[str, ...] = setting(
        "pipeline",
        "bitcoin",
        parsers.coins_as_typed,
        "CoinGecko's coin ids, separated by commas.",
        steps=_OF_PAIRS,
        counts_as="pairs",
        effect="If it changes, coins that are new are requested, and all steps after `ExtractAndLoad` run again.",
    )
    vs_currencies: tuple[str, ...] = setting(
        "pipeline",
        "usd",
        parsers.currencies_as_typed,
        "CoinGecko's currency codes, separated by commas. Each coin is requested in each currency.",
        key="vs_currency",
        steps=_OF_PAIRS,
        counts_as="pairs",
        effect="If it changes, currencies that are new are requested, and all steps after `ExtractAndLoad` run again.",
    )
    days: int = setting(
        "pipeline",
        "7",
        whole_number(
            2, 89, beyond="a longer history is a backfill: luigi --module btc_pipeline Backfill --start=-364d"
        ),
        "Whole days before the run's date. A longer history is a backfill.",
        steps=("ExtractAndLoad",),
    )
    max_age_hours: float = setting(
        "pipeline",
        "6",
        number(1, 168),
        "The newest point may be this old, in hours.",
        steps=("VerifyData",),
        dbt_var="max_age_minutes",
    )
    min_coverage: float = setting(
        "pipeline",
        "0.9",
        number(0.5, 1),
        "A candle is `final` only if at least this share of its slots has a point.",
        dbt_var="min_coverage",
    )
    repeat_hours: float = setting(
        "pipeline",
        "12",
        number(1, 720),
        "A price that is the very same for so many hours is not a market price, and its coin fails. Raise it for "
        "a coin that hardly trades.",
        steps=("VerifyData",),
        dbt_var="repeat_hours",
    )
    five_minute_points: bool = setting(
        "pipeline",
        "true",
        true_or_false(),
        "Whether the 5-minute points of the last day are requested as well. One more call for each coin; better "
        "highs and lows.",
        steps=("ExtractAndLoad",),
    )
    second_opinion: bool = setting(
        "pipeline",
        "true",
        true_or_false(),
        "Whether CoinGecko's own candles (`/ohlc`) are requested as well. One more call for each coin.",
        steps=("ExtractAndLoad",),
    )
    second_opinion_limit_bps: float = setting(
        "pipeline",
        "1",
        number(0.1, 10_000),
        "An hourly candle that differs from CoinGecko's own by more basis points is doubted, with a warning.",
        dbt_var="second_opinion_limit_bps",
    )
    summary: str = setting(
        "pipeline",
        "table",
        one_of("table", "json", "none"),
        "What standard output shows at the end of a run that drew, or of a backfill.",
        hidden="it changes no data",
    )
    now: datetime | None = setting(
        "pipeline",
        "",
        parsers.optional_instant,
        "Run as of this instant, for example `2021-05-15T14:42:23Z`. If it is not set, the clock is used.",
        effect="Without `--date`, its day is the run's. A later hour of the same day runs nothing again.",
    )
    plan: str = setting("coingecko", KEYLESS, one_of(*PLANS), "CoinGecko's plan.")
    base_url: str = setting(
        "coingecko",
        "",
        parsers.base_url,
        "The API's root.",
        allowed="an https URL, or http on loopback",
        by_plan=plans.each(lambda plan: plan.base_url),
        steps=_EXTRACTION,
        counts_as="provenance",
        effect="If it changes between CoinGecko and another host, `ExtractAndLoad` and `ExtractHistory` run again.",
        shown=lambda url: urlsplit(url).hostname or "",
        may_hold_key=True,
    )
    api_key_file: Path | None = setting(
        "coingecko",
        "",
        parsers.optional_path,
        "File with the key; only its owner may read it. If it is not set, the environment variable "
        f"`{api_key.VARIABLE}` is used.",
        shown=lambda _: "(a file, not shown)",
    )
    calls_a_minute: int = setting(
        "coingecko",
        "",
        whole_number(1, 1000),
        "Budget of calls in a minute, counted across runs.",
        by_plan=plans.each(lambda plan: plan.calls_a_minute),
    )
    calls_a_month: int = setting(
        "coingecko",
        "",
        whole_number(0, 10**9),
        "Budget of calls in a UTC month, counted across runs; 0: no limit.",
        by_plan=plans.each(lambda plan: plan.calls_a_month),
    )
    timeout_seconds: float = setting("coingecko", "20", number(1, 300), "Longest silence of the API.")
    retries: int = setting("coingecko", "4", whole_number(0, 10), "Further tries after a 429, a 5xx or no answer.")
    max_wait_seconds: float = setting("coingecko", "180", number(0, 900), "Longest Retry-After that is obeyed.")
    deadline_seconds: float = setting(
        "coingecko", "600", number(5, 7200), "Longest time that an extraction may go without an answer."
    )
    chart: ChartSettings = field(default_factory=ChartSettings)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Each coin in each currency."""
        return tuple(Pair(coin, currency) for coin in self.coins for currency in self.vs_currencies)

    @property
    def is_sample(self) -> bool:
        """Whether everything made by this run has to say SAMPLE."""
        return self.source == "sample"

    @property
    def provenance(self) -> str:
        """Where the data comes from, as it is shown and stored with it. Answers of two provenances are never mixed."""
        if self.is_sample:
            return f"SAMPLE ({self._recorded})" if self.recordings else "SAMPLE (synthetic)"
        host = urlsplit(self.base_url).hostname or ""
        return "CoinGecko" if host.endswith(".coingecko.com") else f"live ({host})"

    @cached_property
    def _recorded(self) -> str:
        """The recordings by their folder's name and what is in it: other files are another source."""
        assert self.recordings is not None
        digest = hashlib.sha256()
        for path in sorted(self.recordings.glob("*.json")):
            digest.update(path.name.encode("utf-8", "replace") + path.read_bytes())
        return f"recordings {self.recordings.name} {digest.hexdigest()[:8]}"

    @property
    def max_age_minutes(self) -> int:
        """`max_age_hours` as the models have it."""
        return round(self.max_age_hours * 60)

    @property
    def dbt_vars(self) -> dict[str, float]:
        """The settings that dbt's models and tests get, as dbt's vars; dbt_project.yml holds the same defaults."""
        return {row.dbt_var: getattr(self, row.dbt_var) for row in ROWS if row.dbt_var}

    def significant(self, step: str) -> tuple[tuple[str, object], ...]:
        """What a step's output depends on, by name, apart from what the steps before it cover."""
        names = dict.fromkeys(name for row in ROWS if (name := row.counted_by(step)))
        return tuple((name, attrgetter(name)(self)) for name in names)

    def instant(self) -> datetime:
        """The instant that this run takes for now, UTC: `[pipeline] now`, or the clock."""
        return self.now or datetime.now(timezone.utc)

    def is_ahead_of_the_clock(self) -> bool:
        """Whether `now` is set to an instant in the future."""
        return self.now is not None and self.now > datetime.now(timezone.utc)

    def today(self) -> date:
        """The UTC day of `instant()`."""
        return self.instant().date()

    def api_key(self) -> tuple[str, str] | None:
        """Header name and key of the plan, read anew at each call; None for keyless and for samples.

        Raises:
            ConfigurationError: there is no key, others can read its file, or it is not one line of key.
        """
        header = PLANS[self.plan].key_header
        return (header, api_key.read(self.api_key_file)) if header and not self.is_sample else None


ROWS: tuple[SettingRow[Any], ...] = (*rows_of(Settings), *rows_of(ChartSettings, within="chart"))
"""All settings, in the order of luigi.cfg."""
