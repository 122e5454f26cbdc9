"""`btc-pipeline run`: choose the source, run `Visualize` by Luigi, show the result.

Nothing else of the project chooses a source.
"""

from __future__ import annotations

from collections.abc import Sequence

from btc_pipeline.coingecko import network_variables, ping
from btc_pipeline.errors import SUCCESS, PipelineError
from btc_pipeline.observe import log
from btc_pipeline.observe.run_state import CURRENT
from btc_pipeline.settings import reader
from btc_pipeline.settings.plans import KEYLESS
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal import end_of_run, summary

PROBE_SECONDS = 3.0


def run(luigi_arguments: Sequence[str]) -> int:
    """Run `Visualize`; returns the exit code. A run that had something to do shows its summary at the end."""
    from luigi.cmdline_parser import CmdlineParser
    from luigi.retcodes import run_with_retcodes

    command = ["--module", "btc_pipeline", "Visualize", "--local-scheduler", *luigi_arguments]
    code = SUCCESS
    try:
        with CmdlineParser.global_instance(command) as parsed:
            task = parsed.get_task_obj()
            if not any(each.startswith("--pipeline-source") for each in luigi_arguments):
                command += [] if task.complete() else _source_option(reader.load())
        run_with_retcodes([*command, "--date", task.date.isoformat()])
    except PipelineError as error:
        log.prepare()
        log.error("%s", error)
        return error.exit_code
    except SystemExit as ended:
        code = int(ended.code or SUCCESS)
        if code != SUCCESS and not CURRENT.skipped():
            return code
    if CURRENT.newest_day(*task.ends) is None:
        with CmdlineParser.global_instance(command):
            configured = reader.load()
            day = summary.Run.of_day(configured, task.date, task.chain)
            end_of_run.show(configured, Workspace(configured.data_dir, configured.source), day)
    return code


def _source_option(configured: Settings) -> list[str]:
    """The option that makes this run a sample, if it would have to call CoinGecko and CoinGecko does not answer."""
    if configured.is_sample:
        return []
    network_variables.check(configured.base_url)
    if configured.plan != KEYLESS:
        configured.api_key()  # a bad key file is no reason for sample data
    if ping.answers(configured.base_url, PROBE_SECONDS):
        if said := reader.surprise(configured):
            log.prepare()
            log.warning("%s", said)
        ledger = Workspace(configured.data_dir, configured.source).calls
        if not ping.enter(configured.base_url, configured.plan, ledger):
            log.warning("the call ledger was damaged; it counts from 0 again: %s", ledger)
        return []
    log.warning(
        "CoinGecko does not answer (%s, %g s): this run uses SAMPLE data, which is not market data",
        configured.base_url,
        PROBE_SECONDS,
    )
    return ["--pipeline-source", "sample"]
