"""`make run`, or `btc-pipeline run`: choose the source, run the pipeline, show the candles.

As thin as it can be over Luigi's command line: arguments after `run` are Luigi's own, e.g.
`btc-pipeline run --pipeline-coins bitcoin,ethereum`. Nothing else of the project chooses a source.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence

from btc_pipeline import console, reachable, settings, table
from btc_pipeline.errors import SUCCESS, PipelineError

PROBE_SECONDS = 3.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends by SystemExit with a documented exit code."""
    parser = argparse.ArgumentParser(
        prog="btc-pipeline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="fetch, verify, transform, test, publish, draw; then show the candles")
    _, luigi_arguments = parser.parse_known_args(arguments)
    sys.exit(run(luigi_arguments))


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


def _source_to_be_had(configured: settings.Settings) -> list[str]:
    """The option that makes this run a sample, where it would have to ask CoinGecko and CoinGecko does not answer."""
    if configured.is_sample or reachable.answers(configured.base_url, PROBE_SECONDS):
        return []
    console.log.warning(
        "CoinGecko does not answer (%s, %g s): this run takes SAMPLE data, which is no market data",
        configured.base_url,
        PROBE_SECONDS,
    )
    return ["--pipeline-source", "sample"]


if __name__ == "__main__":
    main()
