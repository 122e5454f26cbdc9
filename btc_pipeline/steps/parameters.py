"""The settings of this run, and the parameters of its tasks that are days.

A bad one ends the run before any step.
"""

from __future__ import annotations

from datetime import date
from typing import cast

import luigi
from luigi.cmdline_parser import CmdlineParser

from btc_pipeline.errors import ConfigurationError, PipelineError
from btc_pipeline.settings import parsers, reader
from btc_pipeline.settings.values import Settings
from btc_pipeline.steps import exit_codes

_loaded: list[tuple[CmdlineParser, Settings]] = []


def run_settings() -> Settings:
    """The settings. On the command line they cannot change, so they are read once."""
    command_line = CmdlineParser.get_instance()
    try:
        if command_line is None:
            return reader.load()
        if not _loaded or _loaded[0][0] is not command_line:
            _loaded[:] = [(command_line, reader.load())]
        return _loaded[0][1]
    except PipelineError as error:
        exit_codes.stop(error)


class RunDate(luigi.DateParameter):
    """The UTC day that a run is for. The default is the day of `[pipeline] now`; if that is not set, today."""

    def __init__(self) -> None:
        super().__init__(default=cast("date", None), description="UTC day of the run, e.g. 2026-11-23; default: today")

    def parse(self, value: str) -> date:
        """A day as YYYY-MM-DD, or as -7d: days before today."""
        return _day("--date", value)

    def task_value(self, task_name: str, param_name: str) -> date:
        """The configured day, else today."""
        configured = super().task_value(task_name, param_name)
        return configured if isinstance(configured, date) else run_settings().today()


class SpanDay(luigi.DateParameter):
    """A UTC day of the past."""

    def parse(self, value: str) -> date:
        """A day as YYYY-MM-DD, or as -7d: days before today."""
        return _day("day", value)


def _day(name: str, value: str) -> date:
    try:
        day = parsers.relative_day(value)
        return day if isinstance(day, date) else parsers.on(day, run_settings().today())
    except ValueError as error:
        exit_codes.stop(
            ConfigurationError(
                f"bad {name} {value!r}: {error}",
                "write it as 2026-11-23, or as days before today with an equals sign, such as --date=-7d",
            )
        )
