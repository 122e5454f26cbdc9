"""The commands: their arguments, and help with examples. Each calls one function.

A command imports what it needs when it is called, so that help and the shell's completion stay quick.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from btc_pipeline import __version__
from btc_pipeline.cli import luigi_options
from btc_pipeline.cli.group import DAY, INSTANT, OUTPUT, PATH, PROGRAM, REPORT, Group, ended, reading, with_settings
from btc_pipeline.commands.show import FORMATS, TABLES
from btc_pipeline.errors import SUCCESS

_SUMMARY_JSON = "Write the summary as one JSON object."
_IN_FORMATS = f"{', '.join(FORMATS)}; default: as FILE's name ends, or table."
_OF_TABLES = f"{', '.join(TABLES)}; default: the first."
_AS_JSON = "Write it as one JSON object."


def _published_coins(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the coins that are published; none if they cannot be read."""
    from btc_pipeline.cli import completion

    return [coin for coin in completion.published_coins(luigi_options.given(context)) if coin.startswith(incomplete)]


@click.group(
    cls=Group,
    examples=["btc-pipeline run", "btc-pipeline status", "btc-pipeline show --output candles.csv"],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM, message="%(prog)s %(version)s")
def pipeline() -> None:
    """Daily candles from CoinGecko that can be trusted."""


@pipeline.command(
    short_help="fetch, check, build, test, publish, draw; then show the candles",
    is_luigi_s=True,
    examples=[
        "btc-pipeline run",
        "btc-pipeline run --pipeline-coins bitcoin,ethereum",
        "btc-pipeline run --date -1d",
        "btc-pipeline run --sample",
        "btc-pipeline run --json | jq '.candles[-1].close'",
    ],
)
@click.option("--date", "day", type=DAY, metavar="DAY", help="UTC day of the run; default: today.")
@click.option("--json", "shown", flag_value="json", help=_SUMMARY_JSON)
@click.option("-q", "--quiet", "shown", flag_value="none", help="Say nothing unless something is wrong.")
@click.pass_context
def run(context: click.Context, day: date | None, shown: str | None) -> int:
    """Run the pipeline, with sample data if CoinGecko does not answer; then show the candles."""
    from btc_pipeline.commands import run as command
    from btc_pipeline.observe import log

    if shown == "none":
        log.hush()
    arguments = [*luigi_options.given(context), *([f"--date={day}"] if day else [])]
    return command.run([*arguments, *([f"--pipeline-summary={shown}"] if shown else [])])


@pipeline.command(
    short_help="what is there, how fresh, what would run",
    examples=["btc-pipeline status", "btc-pipeline status --json | jq .published.is_fresh"],
)
@click.option(
    "--date", "day", type=DAY, metavar="DAY", help="UTC day of the run whose steps are shown; default: today."
)
@click.option("--json", "is_json", is_flag=True, help=_AS_JSON)
@click.pass_context
def status(context: click.Context, day: date | None, is_json: bool) -> int:
    """Say what is there, how fresh it is, and what would run. Changes nothing, and disturbs no run."""
    from btc_pipeline.commands import status as command

    return reading(context, lambda settings, workspace: command.show(settings, workspace, day, is_json=is_json))


@pipeline.command(
    short_help="the candles, as table, CSV, JSON or Parquet",
    examples=[
        "btc-pipeline show",
        "btc-pipeline show bitcoin --from -7d --to -1d --format json",
        "btc-pipeline show --output candles.parquet",
        "btc-pipeline show --table price_gaps",
    ],
)
@click.argument("coins", nargs=-1, metavar="[COIN]...", shell_complete=_published_coins)
@click.option("--from", "first", type=DAY, metavar="DAY", help="From this UTC day on.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="To this one, included.")
@click.option("--currency", metavar="CODE", help="In this currency, e.g. usd; default: all that are published.")
@click.option("--format", "kind", type=click.Choice(FORMATS), metavar="FORMAT", help=_IN_FORMATS)
@click.option("--output", "-o", type=OUTPUT, metavar="FILE", help="Write a file, whole or not at all; -: stdout.")
@click.option("--table", type=click.Choice(TABLES), default="daily_candlestick", metavar="NAME", help=_OF_TABLES)
@click.pass_context
def show(
    context: click.Context,
    coins: tuple[str, ...],
    first: date | None,
    last: date | None,
    currency: str | None,
    kind: str | None,
    output: Path | None,
    table: str,
) -> int:
    """Show what is published: all coins and days, or those that are named. Works while a run is at work."""
    from btc_pipeline.commands import show as command

    given = command.Arguments(coins, currency, first, last, kind, output, table)
    of_workspace = with_settings if output else reading  # a file is read by programs, which see no line on stderr
    return of_workspace(context, lambda _, workspace: command.show(workspace, given))


@pipeline.command(
    short_help="write the report anew, or its facts as JSON",
    examples=["btc-pipeline report", "btc-pipeline report --json | jq .verdict"],
)
@click.option("--json", "is_json", is_flag=True, help="Write its facts as JSON to standard output, and no file.")
@click.pass_context
def report(context: click.Context, is_json: bool) -> int:
    """Write the report of what is published, one HTML file, and print its path. Each run does so by itself."""
    from btc_pipeline.commands import report as command

    return reading(context, lambda settings, workspace: command.report(settings, workspace, is_json=is_json))


@pipeline.command(
    "open",
    short_help="show a report in the browser",
    examples=["btc-pipeline open", "btc-pipeline open -1d", "btc-pipeline open 2025-11-25_2026-11-23"],
)
@click.argument("name", required=False, type=REPORT)
@click.pass_context
def open_(context: click.Context, name: str | None) -> int:
    """Show a report in the browser, and print its path: that of the newest run, of another run's day or a backfill."""
    from btc_pipeline.commands import report as command

    return reading(context, lambda settings, workspace: command.open_(settings, workspace, name))


@pipeline.command(
    short_help="check all that a run needs, and say what to do",
    examples=["btc-pipeline doctor", "btc-pipeline doctor --json"],
)
@click.option("--json", "is_json", is_flag=True, help=_AS_JSON)
@click.pass_context
def doctor(context: click.Context, is_json: bool) -> int:
    """Check Python, settings, folders, lock, key, API, clock and disk, a line each, and say what to do."""
    from btc_pipeline.commands.doctor import examination as command

    return ended(context, lambda: command.show(luigi_options.given(context), is_json=is_json))


@pipeline.command(
    short_help="what a run, or a backfill, would request and cost",
    examples=["btc-pipeline plan", "btc-pipeline plan --start -364d --pipeline-coins bitcoin,ethereum"],
)
@click.option("--start", type=DAY, metavar="DAY", help="Of a backfill from this UTC day on.")
@click.option("--end", type=DAY, metavar="DAY", help="To this one; default: the newest that is settled.")
@click.pass_context
def plan(context: click.Context, start: date | None, end: date | None) -> int:
    """Say what a run, or a backfill, would request and cost. Sends no request."""
    from btc_pipeline.commands import plan as command

    if end and not start:
        raise click.UsageError("--end goes with --start", context)
    return with_settings(context, lambda settings, workspace: command.text(settings, workspace, start, end))


@pipeline.command(short_help="why does a candle look like this?", examples=["btc-pipeline why bitcoin -1d"])
@click.argument("coin", shell_complete=_published_coins)
@click.argument("day", type=DAY)
@click.pass_context
def why(context: click.Context, coin: str, day: date) -> int:
    """Why does a candle look like this? All that is known about it, on one screen."""
    from btc_pipeline.commands import why as command

    return reading(context, lambda settings, workspace: command.text(settings, workspace, coin, day))


@pipeline.command(
    short_help="which answers are, or were, in quarantine",
    examples=["btc-pipeline answers", "btc-pipeline answers bitcoin"],
)
@click.argument("coins", nargs=-1, metavar="[COIN]...", shell_complete=_published_coins)
@click.pass_context
def answers(context: click.Context, coins: tuple[str, ...]) -> int:
    """List the exceptions of the archive: which answers are, or were, in quarantine, why, and who decided it."""
    from btc_pipeline.commands import answers as command

    return reading(context, lambda _, workspace: command.text(workspace, coins))


@pipeline.command(
    short_help="put an answer into quarantine",
    examples=['btc-pipeline quarantine 20261123T134500 --reason "of another coin"'],
)
@click.argument("answer")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
@click.pass_context
def quarantine(context: click.Context, answer: str, reason: str) -> int:
    """Put an archived answer into quarantine: the next run builds its days without it."""
    from btc_pipeline.commands import answers as command

    return with_settings(context, lambda settings, workspace: command.quarantine(settings, workspace, answer, reason))


@pipeline.command(
    short_help="take an answer out of quarantine",
    examples=['btc-pipeline release 20261123T134500 --reason "it was redenominated"'],
)
@click.argument("answer")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
@click.pass_context
def release(context: click.Context, answer: str, reason: str) -> int:
    """Take an answer out of quarantine: the next run loads it, and the check that found it lets it pass."""
    from btc_pipeline.commands import answers as command

    return with_settings(context, lambda settings, workspace: command.release(settings, workspace, answer, reason))


@pipeline.command(
    short_help="rebuild all from the raw archive and compare",
    examples=["btc-pipeline replay", "btc-pipeline replay --as-of 2026-11-20T00:40:00Z"],
)
@click.option("--as-of", type=INSTANT, metavar="INSTANT", help="Print the candles as they were then instead.")
@click.pass_context
def replay(context: click.Context, as_of: datetime | None) -> int:
    """Rebuild all from the raw archive, and compare it with what is published."""
    from btc_pipeline.commands import replay as command

    return reading(context, lambda settings, workspace: command.text(settings, workspace, as_of))


@pipeline.command(short_help="record real answers of the API for a replay", examples=["btc-pipeline record recordings"])
@click.argument("folder", type=PATH)
@click.pass_context
def record(context: click.Context, folder: Path) -> int:
    """Record real answers of the API in a folder, for a replay without a network. They hold no key."""
    from btc_pipeline.commands import record as command

    return with_settings(context, lambda settings, _: command.text(settings, folder))


@pipeline.command(
    short_help="inject faults: which check catches which?",
    examples=["btc-pipeline selftest", "btc-pipeline selftest --all-days-after"],
)
@click.option("--all-days-after", is_flag=True, help="Look at the two days after each fault, not only after three.")
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="NUMBER", help="Which three are looked at; default: chance."
)
@click.pass_context
def selftest(context: click.Context, all_days_after: bool, seed: int | None) -> int:
    """Inject faults into sample data, one at a time: which check catches which?"""
    from btc_pipeline.commands import selftest as command

    return with_settings(context, lambda settings, _: command.text(settings, None if all_days_after else 3, seed))


@pipeline.command(
    takes_settings=False,
    short_help="write a luigi.cfg with all settings and their meanings",
    examples=["btc-pipeline init", "btc-pipeline init candles"],
)
@click.argument("folder", required=False, type=PATH, default=".")
@click.pass_context
def init(context: click.Context, folder: Path) -> int:
    """Write a luigi.cfg into this folder, or into another one: all settings, explained. Overwrites nothing."""
    from btc_pipeline.commands import init as starting

    return ended(context, lambda: starting.write(folder))


@pipeline.command(
    takes_settings=False,
    short_help="the script that makes a shell complete commands and options",
    examples=[
        'eval "$(btc-pipeline completion bash)"      # in ~/.bashrc',
        'eval "$(btc-pipeline completion zsh)"       # in ~/.zshrc',
        "btc-pipeline completion fish | source       # in fish's config.fish",
    ],
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the script that makes a shell complete commands, options and coins."""
    from click.shell_completion import get_completion_class

    from btc_pipeline.terminal import stdout

    kind: Any = get_completion_class(shell)
    stdout.write_text(kind(pipeline, {}, PROGRAM, "_BTC_PIPELINE_COMPLETE").source())
    return SUCCESS
