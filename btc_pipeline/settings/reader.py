"""The one reader of luigi.cfg, of Luigi's command line and of the environment: gives `Settings`, validated.

Opens no database and no network. `values` says what one setting may be; this module checks which settings do not go
together.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import luigi

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.settings import luigi_cfg
from btc_pipeline.settings.charts import ChartSettings
from btc_pipeline.settings.plans import PLANS
from btc_pipeline.settings.rows import SettingRow
from btc_pipeline.settings.sections import SECTIONS
from btc_pipeline.settings.values import ABOUT, ROWS, Settings

_LONGEST_SHOWN = 80


def load() -> Settings:
    """Read and validate all settings.

    Raises:
        ConfigurationError: an unknown key or a bad value; the message names section and key.
    """
    luigi_cfg.check()
    _refuse_unknown_keys()
    try:
        sections = {section.get_task_family(): section() for section in SECTIONS}
    except (ValueError, configparser.Error) as error:  # Luigi wraps what its parser says
        reason = error.__cause__ or error.__context__ or error
        raise ConfigurationError(
            f"luigi.cfg cannot be read: {reason}", "write a % as %%; set or remove the ${VARIABLE}"
        ) from None
    texts = {row.attribute: str(getattr(sections[row.section], row.key)) for row in ROWS}
    settings, rows = _settings(texts), {row.attribute: row for row in ROWS}
    for attribute, why in _contradictions(settings):
        raise _bad(rows[attribute], texts[attribute], why)
    return settings


def files_read() -> list[Path]:
    """The files that the configuration comes from."""
    parser = luigi.configuration.get_config()
    return [Path(path).absolute() for path in parser._config_paths if path and Path(path).is_file()]


def surprise(settings: Settings) -> str:
    """What to say before a data folder is made where nobody has chosen one; empty: it is there, or was chosen."""
    if settings.data_dir.exists() or settings.data_dir != Settings().data_dir or files_read():
        return ""
    where = f"there is no luigi.cfg in {settings.data_dir.parent}"
    return (
        f"{where}: the defaults hold, and a new data folder is made, {settings.data_dir}. To choose: btc-pipeline init"
    )


def _settings(texts: Mapping[str, str]) -> Settings:
    """Each value from its text."""
    values: dict[str, Any] = {}
    for row in ROWS:
        try:
            values[row.attribute] = row.value(texts[row.attribute].strip(), values.get("plan", ""))
        except ValueError as error:
            raise _bad(row, texts[row.attribute], str(error)) from None
    of_charts = {name: values.pop(f"chart.{name}") for name in ChartSettings.__dataclass_fields__}
    return Settings(**values, chart=ChartSettings(**of_charts))


def _contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings that are good alone, but not with another setting or with what is on the disk: which one, and why."""
    if settings.recordings is not None and not settings.is_sample:
        yield "recordings", "recordings are replayed with source = sample only"
    elif settings.recordings is not None and not settings.recordings.is_dir():
        yield "recordings", "there is no such folder"
    host, of_plan = urlsplit(settings.base_url).hostname or "", PLANS[settings.plan].host
    if f".{host}".endswith(".coingecko.com") and host != of_plan:
        yield "base_url", f"plan = {settings.plan} is served by {of_plan}"


def _refuse_unknown_keys() -> None:
    parser = luigi.configuration.get_config()
    for name in ABOUT:
        known = {row.key for row in ROWS if row.section == name}
        present = set(parser.options(name)) - set(parser.defaults()) if parser.has_section(name) else set()
        for key in sorted(present):
            if key.replace("-", "_") not in known:
                raise ConfigurationError(
                    f"luigi.cfg has an unknown key: [{name}] {key}", f"use one of: {', '.join(sorted(known))}"
                )


def _bad(row: SettingRow[Any], value: str, why: str) -> ConfigurationError:
    if row.may_hold_key:
        value = re.split("[@?#]", value)[0] if "@" not in value else "..."
    shown = value if len(value) <= _LONGEST_SHOWN else f"{value[: _LONGEST_SHOWN - 3]}..."
    return ConfigurationError(
        f"bad setting [{row.section}] {row.key} = {shown!r}: {why}", f"correct it in luigi.cfg or with {row.option}"
    )
