"""The settings, typed and validated: the only reader of luigi.cfg, the environment and the key file.

Opens no database, no network; the clock is read by `Settings.instant` alone.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import luigi

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings import charts
from btc_pipeline.settings import parsers as values
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.settings.sections import API_KEY_VARIABLE, SECTIONS, chart, coingecko, pipeline
from btc_pipeline.system import core_dumps

_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
_PLAN_HOSTS = {"keyless": "api.coingecko.com", "demo": "api.coingecko.com", "pro": "pro-api.coingecko.com"}
_KEY_HEADERS = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
_CALLS_A_MINUTE = {"keyless": 5, "demo": 30, "pro": 250}
_CALLS_A_MONTH = {"keyless": 0, "demo": 10_000, "pro": 500_000}

Value = TypeVar("Value")


@dataclass(frozen=True)
class Settings:
    """All settings of a run, validated. `now` is None where the clock is to be read."""

    data_dir: Path
    source: str
    recordings: Path | None
    coins: tuple[str, ...]
    vs_currencies: tuple[str, ...]
    days: int
    max_age_hours: float
    min_coverage: float
    repeat_hours: float
    five_minute_points: bool
    second_opinion: bool
    second_opinion_limit_bps: float
    summary: str
    now: datetime | None
    plan: str
    base_url: str
    api_key_file: Path | None
    calls_a_minute: int
    calls_a_month: int
    timeout_seconds: float
    retries: int
    max_wait_seconds: float
    deadline_seconds: float
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
        """Where the data comes from, as it is shown and stored with it. Answers of two provenances never meet."""
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
    def dbt_vars(self) -> dict[str, float]:
        """What dbt's models and tests are told, as dbt's vars; dbt_project.yml holds the same defaults."""
        return {
            "min_coverage": self.min_coverage,
            "repeat_hours": self.repeat_hours,
            "second_opinion_limit_bps": self.second_opinion_limit_bps,
            "max_age_minutes": round(self.max_age_hours * 60),
        }

    def instant(self) -> datetime:
        """The instant as of which this run sees the world, UTC: `[pipeline] now`, or the clock."""
        return self.now or datetime.now(timezone.utc)

    def is_ahead_of_the_clock(self) -> bool:
        """Whether `now` is set to an instant that has not come."""
        return self.now is not None and self.now > datetime.now(timezone.utc)

    def today(self) -> date:
        """The UTC day of `instant()`."""
        return self.instant().date()

    def api_key(self) -> tuple[str, str] | None:
        """Header name and key of the plan, read anew at each call; None for keyless and for samples.

        Raises:
            ConfigurationError: there is no key, others can read its file, or it is not one line of key.
        """
        if self.is_sample or self.plan == "keyless":
            return None
        return _KEY_HEADERS[self.plan], _read_key(self.api_key_file)


def load() -> Settings:
    """Read and validate all settings.

    Raises:
        ConfigurationError: an unknown key or a bad value; the message names section and key.
    """
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named and not Path(named).is_file():
        raise ConfigurationError(f"LUIGI_CONFIG_PATH = {named}: there is no such file", "correct it")
    _refuse_unknown_keys()
    try:
        sections = pipeline(), coingecko(), chart()
    except (ValueError, configparser.Error) as error:  # Luigi wraps what its parser says
        reason = error.__cause__ or error.__context__ or error
        raise ConfigurationError(
            f"luigi.cfg cannot be read: {reason}", "write a % as %%; set or remove the ${VARIABLE}"
        ) from None
    return _validated(*sections)


def files_read() -> list[Path]:
    """The files that the configuration comes from."""
    parser = luigi.configuration.get_config()
    return [Path(path).absolute() for path in parser._config_paths if path and Path(path).is_file()]


def _validated(main: pipeline, api: coingecko, drawn: chart) -> Settings:
    source = _choice(main, "source", {"live", "sample"})
    plan = _choice(api, "plan", set(_PLAN_HOSTS))
    recordings = _checked(main, "recordings", values.optional_path)
    if recordings is not None and source != "sample":
        raise _bad(main, "recordings", "recordings are replayed with source = sample only")
    if recordings is not None and not recordings.is_dir():
        raise _bad(main, "recordings", "there is no such folder")
    return Settings(
        data_dir=_checked(main, "data_dir", values.path),
        source=source,
        recordings=recordings,
        coins=_checked(main, "coins", values.coins),
        vs_currencies=_checked(main, "vs_currency", values.currencies),
        days=_checked(main, "days", lambda text: values.whole_number(text, 2, 89)),
        max_age_hours=_checked(main, "max_age_hours", lambda text: values.number(text, 1, 168)),
        min_coverage=_checked(main, "min_coverage", lambda text: values.number(text, 0.5, 1)),
        repeat_hours=_checked(main, "repeat_hours", lambda text: values.number(text, 1, 720)),
        five_minute_points=_choice(main, "five_minute_points", {"false", "true"}) == "true",
        second_opinion=_choice(main, "second_opinion", {"false", "true"}) == "true",
        second_opinion_limit_bps=_checked(
            main, "second_opinion_limit_bps", lambda text: values.number(text, 0.1, 10_000)
        ),
        summary=_choice(main, "summary", {"json", "none", "table"}),
        now=_checked(main, "now", lambda text: values.instant(text) if text else None),
        plan=plan,
        base_url=_base_url(api, plan),
        api_key_file=_checked(api, "api_key_file", values.optional_path),
        calls_a_minute=_checked(
            api, "calls_a_minute", lambda text: values.whole_number(text or str(_CALLS_A_MINUTE[plan]), 1, 1000)
        ),
        calls_a_month=_checked(
            api, "calls_a_month", lambda text: values.whole_number(text or str(_CALLS_A_MONTH[plan]), 0, 10**9)
        ),
        timeout_seconds=_checked(api, "timeout_seconds", lambda text: values.number(text, 1, 300)),
        retries=_checked(api, "retries", lambda text: values.whole_number(text, 0, 10)),
        max_wait_seconds=_checked(api, "max_wait_seconds", lambda text: values.number(text, 0, 900)),
        deadline_seconds=_checked(api, "deadline_seconds", lambda text: values.number(text, 5, 7200)),
        chart=ChartSettings(
            style=_choice(drawn, "style", set(charts.STYLES)),
            size=_choice(drawn, "size", set(charts.SIZES)),
            formats=_checked(drawn, "formats", values.picture_formats),
            moving_averages=_checked(drawn, "moving_averages", values.averages),
        ),
    )


def _refuse_unknown_keys() -> None:
    parser = luigi.configuration.get_config()
    for section in SECTIONS:
        name = section.get_task_family()
        known = {key for key, _ in section.get_params()}
        present = set(parser.options(name)) - set(parser.defaults()) if parser.has_section(name) else set()
        for key in sorted(present):
            if key.replace("-", "_") not in known:
                raise ConfigurationError(
                    f"luigi.cfg has an unknown key: [{name}] {key}", f"use one of: {', '.join(sorted(known))}"
                )


def _bad(section: luigi.Config, key: str, why: str) -> ConfigurationError:
    value = str(getattr(section, key))
    if key == "base_url":  # it may hold a key
        value = re.split("[@?#]", value)[0] if "@" not in value else "..."
    shown = value if len(value) <= 80 else value[:77] + "..."
    name = section.get_task_family()
    return ConfigurationError(
        f"bad setting [{name}] {key} = {shown!r}: {why}",
        f"correct it in luigi.cfg or with --{name}-{key.replace('_', '-')}",
    )


def _checked(section: luigi.Config, key: str, parse: Callable[[str], Value]) -> Value:
    try:
        return parse(str(getattr(section, key)).strip())
    except ValueError as error:
        raise _bad(section, key, str(error)) from None


def _choice(section: luigi.Config, key: str, allowed: set[str]) -> str:
    value = str(getattr(section, key)).strip()
    if value not in allowed:
        raise _bad(section, key, f"must be one of {', '.join(sorted(allowed))}")
    return value


def _base_url(api: coingecko, plan: str) -> str:
    text = str(api.base_url).strip() or f"https://{_PLAN_HOSTS[plan]}/api/v3"
    try:
        host = values.url(text).hostname or ""
        if host.endswith("coingecko.com") and host != _PLAN_HOSTS[plan]:
            raise ValueError(f"plan = {plan} is served by {_PLAN_HOSTS[plan]}")
    except ValueError as error:
        raise _bad(api, "base_url", str(error)) from None
    return text.rstrip("/")


def _readable_by_others(path: Path) -> int:
    """The mode bits that a key file must not have. systemd shares credentials by ACL: its mask shows as the group's."""
    is_credential = path.parent == Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))
    return 0o027 if is_credential else 0o077


def _read_key(path: Path | None) -> str:
    if path is None:
        key = os.environ.get(API_KEY_VARIABLE, "").strip()
        place = f"${API_KEY_VARIABLE}"
    else:
        is_key_itself = not path.exists() and _KEY.fullmatch(path.name)
        place = f"[coingecko] api_key_file{'' if is_key_itself else f' = {path}'}"
        try:
            with path.open(encoding="ascii") as file:
                mode = os.fstat(file.fileno()).st_mode
                if stat.S_IMODE(mode) & _readable_by_others(path):
                    raise ConfigurationError(f"others can read the key: {place}", f"chmod 600 {path}")
                key = file.read(1024).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConfigurationError(
                f"the key cannot be read: {place}: {reason}", "name a file that holds the key"
            ) from None
    if not key:
        raise ConfigurationError(f"there is no key in {place}", "set it, or use plan = keyless")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(f"{place} does not hold one CoinGecko key", "put the key alone in it")
    core_dumps.forbid()
    return key
