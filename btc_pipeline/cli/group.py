"""How each command behaves: its help, its exit code, its one line if something is wrong.

Knows click and the errors; what a command does is in `commands/`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import click

from btc_pipeline.cli import last_run, luigi_options
from btc_pipeline.errors import (
    SUCCESS,
    ConfigurationError,
    InterruptionError,
    PipelineError,
    PublishingError,
    without_keys,
)
from btc_pipeline.observe import log
from btc_pipeline.settings import parsers
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import signals
from btc_pipeline.terminal import progress, stdout
from btc_pipeline.warehouse import database_errors

PROGRAM = "btc-pipeline"

Value = TypeVar("Value")


class Command(click.Command):
    """A command that takes the settings of luigi.cfg as options, and says so in one line of its help."""

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), takes_settings: bool = True, is_luigi_s: bool = False, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self._examples = examples
        if takes_settings:
            self.params += [luigi_options.SourceOption(), *luigi_options.options(with_luigi_s_own=is_luigi_s)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; but where an argument is a day, `-7d` is no option."""
        if any(isinstance(each, click.Argument) and each.type in {DAY, REPORT} for each in self.params):
            args = [each.removeprefix("-") if parsers.days_ago(each) is not None else each for each in args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command, with each `-7d` made a day; the settings may have another today than the clock."""
        if any(isinstance(each, timedelta) for each in ctx.params.values()):
            code = with_settings(ctx, lambda settings, _: _count_back(ctx, settings.today()))
            if code != SUCCESS:
                return code
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, a line each; of the settings their names."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        own = [each for each in options if not isinstance(each, luigi_options.LuigiOption)]
        with formatter.section("Options"):
            formatter.write_dl([record for each in own if (record := each.get_help_record(ctx))])
        settings_ = [each for each in self.params if isinstance(each, luigi_options.LuigiOption) and not each.hidden]
        _write_examples(formatter, self._examples)
        if not settings_:
            return
        with formatter.section("Settings of luigi.cfg, for this command only (docs/settings.md explains them)"):
            names, width = " ".join(each.opts[0] for each in settings_), formatter.width - formatter.current_indent
            for line in textwrap.wrap(names, width, break_on_hyphens=False):
                formatter.write_text(line)


class Group(click.Group):
    """The commands, in the order in which they are most used."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, after the commands."""
        _write_examples(formatter, self._examples)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they were added."""
        del ctx
        return list(self.commands)


class Text(click.ParamType[Any]):
    """An argument that is read by a function of `settings/parsers.py`; its ValueError is the message."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value; one that was read before stays as it is."""
        try:
            return self._parse(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"{value[:40]!r}: {error}", param, ctx)


DAY = Text("day", parsers.relative_day)
"""A day, or a timedelta before today, of which the command makes a day."""
INSTANT = Text("instant", parsers.instant)
REPORT = Text("report", parsers.relative_report)
PATH = Text("path", parsers.path)
OUTPUT = Text("path", lambda text: None if text == "-" else parsers.path(text))
"""A file to be written; None for `-`, which is standard output."""


def exit_code_of(group: click.Group, arguments: list[str] | None) -> int:
    """Run a command line; each mistake in it is one line on stderr."""
    try:
        return group.main(arguments, prog_name=PROGRAM, standalone_mode=False) or SUCCESS
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        click.echo(f"{command}: {without_keys(_said(error))} Next: {command} --help", err=True)
        return ConfigurationError.exit_code
    except click.Abort:
        return InterruptionError.exit_code
    except SystemExit as ended:  # Luigi's own, and ours if a setting is bad
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))


def with_settings(context: click.Context, do: Callable[[Settings, Workspace], object], *, follows: bool = False) -> int:
    """Run a command with the settings of luigi.cfg and the command line; returns the exit code."""

    def configured() -> object:
        with last_run.settings(luigi_options.given(context), follows=follows) as (settings, workspace):
            return do(settings, workspace)

    return ended(context, configured)


def reading(context: click.Context, do: Callable[[Settings, Workspace], object]) -> int:
    """As `with_settings`, for a command that only reads: it reads what the last run has published."""
    return with_settings(context, do, follows=True)


def ended(context: click.Context, do: Callable[[], object]) -> int:
    """Run a command that needs no setting; returns the exit code."""
    log.prepare()
    try:
        with signals.raised_in(context.command_path), progress.alive(context.command_path):
            return _code(do())
    except signals.StoppedError as stopped:
        log.error("%s was stopped by %s. Next: run it again", context.command_path, stopped.name)
        return 128 + stopped.number
    except PipelineError as error:
        log.error("%s", error)
        return error.exit_code
    except database_errors.DatabaseError as error:
        log.error("the published database cannot be read: %s. Next: run the pipeline again", error)
        return PublishingError.exit_code
    except OSError as error:
        log.error("%s: %s. Next: correct it and try again", context.command_path, error)
        return ConfigurationError.exit_code


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"  {example}\n")


def _said(error: click.UsageError) -> str:
    """What is wrong, and the nearest known name."""
    is_value = isinstance(error, click.BadParameter)
    said = " ".join((error.format_message() if is_value else error.message).split()).rstrip(".")
    meant = getattr(error, "possibilities", None)
    if isinstance(error, click.NoSuchOption) and error.ctx:
        meant = luigi_options.nearest(error.ctx, error.option_name)
    return f"{said[:1].lower()}{said[1:]}{f'. Did you mean {meant[0]}?' if meant else '.'}"


def _count_back(context: click.Context, today: date) -> int:
    for each in context.command.params:
        value = context.params.get(each.name or "")
        if each.name and isinstance(value, timedelta):
            try:
                context.params[each.name] = parsers.on(value, today)
            except ValueError as error:
                raise ConfigurationError(f"bad {each.opts[0]} -{value.days}d: {error}", "name a later day") from None
    return SUCCESS


def _code(result: object) -> int:
    """A command returns text to show, or it has shown everything and returns its exit code."""
    if isinstance(result, int):
        return result
    stdout.write_text(str(result))
    return SUCCESS
