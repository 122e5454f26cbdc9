"""The command line beside Luigi's. `run`: choose the source, run the pipeline, show the candles. The others ask.

As thin as it can be over Luigi's command line: further arguments are Luigi's own, e.g.
`btc-pipeline run --pipeline-coins bitcoin,ethereum`. Nothing else of the project chooses a source.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from btc_pipeline import calls, console, reachable, setting_values, settings, table, warehouse
from btc_pipeline.errors import SUCCESS, CandleTestError, ConfigurationError, PipelineError, PublishingError
from btc_pipeline.world import World

PROBE_SECONDS = 3.0

Value = TypeVar("Value")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends by SystemExit with a documented exit code."""
    parser = argparse.ArgumentParser(
        prog="btc-pipeline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="fetch, verify, transform, test, publish, draw; then show the candles")
    why_command = commands.add_parser("why", help="why does a candle look like this? all that is known of it")
    why_command.add_argument("coin", help="CoinGecko's id, e.g. bitcoin")
    why_command.add_argument("day", type=_argument(setting_values.day), help="UTC day, e.g. 2026-11-20")
    replay_command = commands.add_parser("replay", help="rebuild all from the raw archive and compare")
    replay_command.add_argument(
        "--as-of",
        type=_argument(setting_values.instant),
        metavar="INSTANT",
        help="instead print the candles as they were then, e.g. 2026-11-20T00:40:00Z",
    )
    plan_command = commands.add_parser("plan", help="what a run, or a backfill, would ask for and cost; asks nobody")
    plan_command.add_argument(
        "--start", type=_argument(setting_values.day), metavar="DAY", help="of a backfill from this UTC day on"
    )
    plan_command.add_argument(
        "--end", type=_argument(setting_values.day), metavar="DAY", help="to this one; default: the newest settled"
    )
    record_command = commands.add_parser("record", help="keep real answers of the API, to be replayed without network")
    record_command.add_argument(
        "folder", type=_argument(setting_values.path), help="where the files go; made where it is missing"
    )
    commands.add_parser("selftest", help="inject faults into sample data and show which check catches which")
    known, luigi_arguments = parser.parse_known_args(arguments)
    if known.command == "run":
        sys.exit(run(luigi_arguments))
    if known.command == "why":
        sys.exit(_told(luigi_arguments, lambda settings, world: why(settings, world, known.coin, known.day)))
    if known.command == "plan":
        if known.end and not known.start:
            plan_command.error("--end goes with --start")
        sys.exit(_told(luigi_arguments, lambda settings, world: plan(settings, world, known.start, known.end)))
    if known.command == "record":
        sys.exit(_told(luigi_arguments, lambda settings, _: record(settings, known.folder)))
    if known.command == "selftest":
        sys.exit(_told(luigi_arguments, selftest))
    sys.exit(_told(luigi_arguments, lambda settings, world: replay(settings, world, known.as_of)))


def run(luigi_arguments: Sequence[str]) -> int:
    """Run `Visualize` and print the published candles; returns the exit code."""
    from luigi.cmdline_parser import CmdlineParser
    from luigi.retcodes import run_with_retcodes

    command = ["--module", "btc_pipeline", "Visualize", "--local-scheduler", *luigi_arguments]
    try:
        with CmdlineParser.global_instance(command) as parsed:
            task = parsed.get_task_obj()
            if not any(each.startswith("--pipeline-source") for each in luigi_arguments):
                command += [] if task.complete() else _source_to_be_had(settings.load())
        run_with_retcodes([*command, "--date", task.date.isoformat()])
    except PipelineError as error:
        console.prepare()
        console.log.error("%s", error)
        return error.exit_code
    except SystemExit as ended:
        if ended.code != SUCCESS:
            return int(ended.code or 0)
    with CmdlineParser.global_instance(command):
        shown = table.of_published(settings.load(), task.date)
    with contextlib.suppress(BrokenPipeError):  # `make run | head`
        print(shown, flush=True)
    return SUCCESS


def why(configured: settings.Settings, world: World, coin: str, day: date) -> str:
    """All that is known of a candle."""
    from btc_pipeline import why as reasons

    try:
        (coin_id,) = setting_values.coins(coin)
    except ValueError as error:
        raise ConfigurationError(f"bad coin {coin[:40]!r}: {error}", "name one coin, e.g. bitcoin") from None
    return "\n\n".join(reasons.explained(world, coin_id, currency, day) for currency in configured.vs_currencies)


def replay(configured: settings.Settings, world: World, as_of: datetime | None) -> str:
    """Whether the raw archive gives what is published; or the candles as they were at an instant.

    Raises:
        CandleTestError: it does not; the differences are printed.
    """
    from btc_pipeline import rebuild
    from btc_pipeline.tasks import Transform

    models = Transform(date=configured.today()).sources_hash()
    if as_of is not None:
        rows, record = rebuild.as_of(configured, world, as_of, models)
        return table.of_rows(rows, record)
    number, differences = rebuild.compare(configured, world, models)
    if differences:
        print("\n".join(str(each) for each in differences))
        raise CandleTestError(
            f"the archive does not give what is published: {len(differences)} differences",
            "if the models have changed since, run the pipeline; btc-pipeline why COIN DAY tells more",
        )
    return f"identical: {number} candles, rebuilt from {world.raw} and compared with {world.published}"


def plan(configured: settings.Settings, world: World, start: date | None, end: date | None) -> str:
    """What today's run, or a backfill, would cost."""
    from btc_pipeline import history
    from btc_pipeline import plan as planning

    now = configured.instant()
    if start is None:
        return planning.as_text(planning.of_run(configured, world, now), configured)
    span = history.Span(start, end or history.last_settled(now))
    if span.last < span.first:
        raise ConfigurationError(f"bad --start {start}: it is after --end {span.last}", "change one of them")
    return planning.as_text(planning.of_backfill(configured, world, now, span), configured)


def record(configured: settings.Settings, folder: Path) -> str:
    """The recordings that were made, and how to replay them."""
    from btc_pipeline import recording

    made, instant = recording.record(configured, folder)
    return "\n".join(
        [
            *map(str, made),
            "replay them: btc-pipeline run --pipeline-source sample"
            f" --pipeline-recordings {shlex.quote(str(folder))} --pipeline-now {instant:%Y-%m-%dT%H:%M:%SZ}",
        ]
    )


def selftest(configured: settings.Settings, world: World) -> str:
    """The faults and what caught them.

    Raises:
        CandleTestError: some were missed; the matrix is printed.
    """
    del world
    from btc_pipeline import faults
    from btc_pipeline import selftest as injection
    from btc_pipeline.tasks import Transform

    verdicts = injection.run(configured, Transform(date=configured.today()).sources_hash(), faults.ALL)
    text, missed = injection.matrix(verdicts), injection.missed(verdicts)
    if missed:
        print(text)
        raise CandleTestError(
            f"{len(missed)} of {len(verdicts)} faults were missed: {', '.join(each.fault.name for each in missed)}",
            "mend the check that is named for it",
        )
    return text


def _told(luigi_arguments: Sequence[str], told: Callable[[settings.Settings, World], str]) -> int:
    """Print what a command tells, under the settings of luigi.cfg and the command line; returns the exit code."""
    from luigi.cmdline_parser import CmdlineParser

    console.prepare()
    try:
        with CmdlineParser.global_instance(["--module", "btc_pipeline", "Visualize", *luigi_arguments]):
            configured = settings.load()
            text = told(configured, World(configured.data_dir, configured.source))
    except PipelineError as error:
        console.log.error("%s", error)
        return error.exit_code
    except warehouse.DatabaseError as error:
        console.log.error("the published database cannot be read: %s. Next: run the pipeline again", error)
        return PublishingError.exit_code
    except SystemExit as ended:
        return int(ended.code or 0)
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    return SUCCESS


def _argument(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """As a type of argparse, which shows the reason where the value is bad."""

    def parsed(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def _source_to_be_had(configured: settings.Settings) -> list[str]:
    """The option that makes this run a sample, where it would have to ask CoinGecko and CoinGecko does not answer."""
    if configured.is_sample:
        return []
    if reachable.answers(configured.base_url, PROBE_SECONDS):
        host = urlsplit(configured.base_url).hostname or ""
        with contextlib.suppress(warehouse.DatabaseError, OSError):  # the run will say what is wrong
            ledger = World(configured.data_dir, configured.source).calls
            if not calls.note(ledger, configured.plan, host, "/ping"):
                console.log.warning("the ledger of calls was damaged, and counts from 0 on: %s", ledger)
        return []
    console.log.warning(
        "CoinGecko does not answer (%s, %g s): this run takes SAMPLE data, which is no market data",
        configured.base_url,
        PROBE_SECONDS,
    )
    return ["--pipeline-source", "sample"]


if __name__ == "__main__":
    main()
