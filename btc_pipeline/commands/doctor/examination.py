"""`btc-pipeline doctor`: does a run have all it needs? One check, one line: ok, warning or failed, and what to do.

If the source is live, it calls CoinGecko once and enters that in the call ledger. It changes nothing else: what it
makes to try the file system is gone again. It never shows the key.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from btc_pipeline.commands.doctor import (
    central_scheduler,
    file_system,
    folder,
    imports,
    installation,
    network,
    programs,
    variables,
)
from btc_pipeline.commands.doctor.check import Check, looked
from btc_pipeline.errors import SUCCESS, PipelineError
from btc_pipeline.observe import log
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import command_line
from btc_pipeline.terminal import stdout
from btc_pipeline.warehouse import duckdb_files

if TYPE_CHECKING:
    from btc_pipeline.terminal.stdout import Line, Style

_STYLES: dict[str, Style] = {"ok": "", "warning": "strong", "failed": "bad"}


def all_checks() -> list[Check]:
    """All checks, in the order in which a run would need what they check; bad settings end the list."""
    with imports.started() as children:  # they import while the rest is checked
        found = [
            installation.python(),
            installation.required_packages(),
            looked("commands", programs.installed, installation.INSTALL),
            looked("code", programs.code, installation.INSTALL),
            imports.of_path(),
        ]
        others = of_settings()
        return [*found, imports.of_processes(children), *others]


def of_settings() -> list[Check]:
    """The checks that depend on the settings."""
    try:
        configured = reader.load()
    except PipelineError as error:
        return [Check("settings", "failed", error.what, error.fix)]
    workspace = Workspace(configured.data_dir, configured.source)
    return [
        looked("settings", _settings),
        variables.variables(configured),
        central_scheduler.luigid(),
        installation.duckdb(duckdb_files.VERSION, configured.instant().date()),
        looked("data folder", lambda: folder.rights(workspace)),
        looked("file system", lambda: file_system.file_system(workspace)),
        looked("disk", lambda: folder.disk(workspace)),
        looked("lock", lambda: folder.at_work(workspace)),
        looked("key", lambda: network.key(configured)),
        *network.api_and_clock(configured, workspace),
        looked("published", lambda: folder.newest(workspace)),
    ]


def exit_code(checks: Sequence[Check]) -> int:
    """0 if nothing failed; else the smallest of the codes."""
    return min((check.code for check in checks if check.state == "failed"), default=SUCCESS)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """As one JSON object: docs/operations.md says what is in it."""
    named = [{"name": each.name, "state": each.state, "facts": each.facts, "fix": each.fix} for each in checks]
    codes = [exit_code([check]) for check in checks]
    return {
        "exit_code": exit_code(checks),
        "checks": [check | {"exit_code": code} for check, code in zip(named, codes, strict=True)],
    }


def lines(checks: Sequence[Check]) -> list[Line]:
    """A line for each check."""
    width = max(len(check.name) for check in checks)
    return [
        [
            (f"{check.state:8} ", _STYLES[check.state]),
            (f"{check.name.ljust(width)}  {check.facts}", ""),
            (f". Next: {check.fix}" if check.fix else "", "strong"),
        ]
        for check in checks
    ]


def _settings() -> Check:
    files = reader.files_read()
    if not files:
        return Check("settings", "ok", "the defaults: there is no luigi.cfg in this folder")
    return Check("settings", "ok", f"{', '.join(map(str, files))}, valid")


def show(luigi_arguments: Sequence[str], *, is_json: bool) -> int:
    """All checks; they go on if the settings are bad."""
    log.hush()
    if sys.stderr.isatty():
        sys.stderr.write("The doctor starts what a run starts: some seconds ...\n")
    try:
        with command_line.applied(luigi_arguments):
            found = all_checks()
    except SystemExit as ended:
        return int(ended.code or 0)
    if is_json:
        stdout.write_text(json.dumps(as_json(found)))
    else:
        stdout.write(lines(found))
    return exit_code(found)
