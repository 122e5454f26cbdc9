"""The settings of a command: those of luigi.cfg and of its options. If it only reads, it follows the last run.

The source of the last run counts unless somebody has chosen one: by an option, or other than the default in luigi.cfg.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from btc_pipeline.observe import log
from btc_pipeline.settings import latest, reader
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import command_line
from btc_pipeline.terminal.summary import near

SOURCE_OPTION = "--pipeline-source"
_DEFAULT = Settings().source


@contextlib.contextmanager
def settings(luigi_arguments: Sequence[str], *, follows: bool) -> Iterator[tuple[Settings, Workspace]]:
    """Settings and workspace of a command; within it, tasks have the same settings.

    Raises:
        ConfigurationError: a setting is bad.
    """
    with command_line.applied(luigi_arguments):
        configured = reader.load()
        is_chosen = configured.source != _DEFAULT or any(each.startswith(SOURCE_OPTION) for each in luigi_arguments)
        source = configured.source if is_chosen or not follows else _last(configured)
        if source == configured.source:
            yield configured, Workspace(configured.data_dir, source)
            return
    with command_line.applied([*luigi_arguments, f"{SOURCE_OPTION}={source}"]):
        followed = reader.load()
        yield followed, Workspace(followed.data_dir, source)


def _last(configured: Settings) -> str:
    """The source of the last run, if something is published there; says so if it is not the configured one."""
    own = Workspace(configured.data_dir, configured.source)
    try:
        source = latest.source(configured.data_dir)
        if source in {"", configured.source}:
            return configured.source
        last = Workspace(configured.data_dir, source)
        if last.published.exists():
            log.info("reads what the last run made, in %s; --%s: %s", near(last.root), own.source, near(own.root))
            return source
        reason = f"nothing is published in {near(last.root)}, where the last run was"
    except latest.OddPointerError as error:
        reason = str(error)
    log.warning("%s: reads %s", reason, near(own.root))
    return configured.source
