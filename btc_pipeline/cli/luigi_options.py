"""Luigi's options as options of click: the shell completes them, and a mistyped one gets a suggestion.

They are passed on as they are; Luigi and `settings/` judge their values.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import luigi
from luigi.task_register import Register

from btc_pipeline.cli import last_run
from btc_pipeline.market import nearest as names
from btc_pipeline.settings import parsers
from btc_pipeline.settings.sections import SECTIONS
from btc_pipeline.settings.values import ROWS

_GIVEN = "btc_pipeline.luigi_arguments"
_NEAR, _SLIP = 0.6, 0.85
_NOT_OURS_TO_PASS = {"--help", "--help-all", "--module", "--version", "--local-scheduler"}
_PATHS = {row.option for row in ROWS if row.read in {parsers.path, parsers.optional_path}}


class LuigiOption(click.Option):
    """An option that is passed on to Luigi. Other sections than ours are hidden."""


class SourceOption(click.Option):
    """`--sample` and `--live`: short for the source."""

    def __init__(self) -> None:
        about = "Short for --pipeline-source sample or live."
        super().__init__(["--sample/--live"], default=None, expose_value=False, callback=_remember_source, help=about)


def options(*, with_luigi_s_own: bool) -> list[click.Option]:
    """Our settings, e.g. `--pipeline-coins`; and what else Luigi knows, such as `--worker-timeout`."""
    ours = {section.get_task_family() for section in SECTIONS}
    return [
        LuigiOption(
            [name],
            help=parameter.description,
            metavar="VALUE",
            hidden=section not in ours,
            expose_value=False,
            callback=_remember,
            type=click.Path() if name in _PATHS else None,
            is_flag=isinstance(parameter, luigi.BoolParameter),
        )
        for section, name, parameter in _configuration()
        if section in ours or with_luigi_s_own
    ]


def given(context: click.Context) -> list[str]:
    """The options that were given, as Luigi's command line takes them."""
    return list(context.meta.get(_GIVEN, []))


def nearest(context: click.Context, name: str) -> list[str]:
    """The option that was probably meant: ours, also without its section, before one of Luigi's with a slip in it."""
    meant: dict[str, str] = {}
    luigi_s = []
    for each in context.command.get_params(context):
        if isinstance(each, click.Option) and each.hidden:
            luigi_s += each.opts
        elif isinstance(each, LuigiOption):
            meant |= {each.opts[0]: each.opts[0], f"--{each.opts[0].split('-', 3)[3]}": each.opts[0]}
        elif isinstance(each, click.Option):
            meant |= dict(zip(own := (*each.opts, *each.secondary_opts), own, strict=True))
    slips = names.names(name, luigi_s, most=1, least_ratio=_SLIP)
    return [meant.get(each, each) for each in names.names(name, [*meant, *slips], most=1, least_ratio=_NEAR)]


def _remember(context: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    if value not in {None, False}:
        _give(context, option.opts[0] if value is True else f"{option.opts[0]}={value}")


def _remember_source(context: click.Context, _: click.Parameter, is_sample: bool | None) -> None:
    if is_sample is not None:
        _give(context, f"{last_run.SOURCE_OPTION}={'sample' if is_sample else 'live'}")


def _give(context: click.Context, argument: str) -> None:
    so_far = context.meta.setdefault(_GIVEN, [])
    others = [each for each in so_far if each.startswith(f"{last_run.SOURCE_OPTION}=") and each != argument]
    if others and argument.startswith(f"{last_run.SOURCE_OPTION}="):
        raise click.UsageError(f"two sources: {others[0].partition('=')[2]} and {argument.partition('=')[2]}", context)
    so_far.append(argument)


def _configuration() -> Iterator[tuple[str, str, luigi.Parameter]]:
    """All keys of all sections of luigi.cfg: section, name of the option, and the parameter itself."""
    for section, is_without_section, key, parameter in Register.get_all_params():
        name = f"--{'' if is_without_section else section + '-'}{key}".replace("_", "-")
        if issubclass(Register.get_task_cls(section), luigi.Config) and name not in _NOT_OURS_TO_PASS:
            yield section, name, parameter
