"""What `status`, `show` and `doctor` do: the functions of the modules of their names, and in which form they answer.

They look and change nothing, apart from the file that `show --output` names.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from btc_pipeline.cli import luigi_options
from btc_pipeline.errors import SUCCESS, ConfigurationError, PipelineError
from btc_pipeline.observe import log
from btc_pipeline.settings import parsers, reader
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.terminal import stdout
from btc_pipeline.warehouse import duckdb_files, published


@dataclass(frozen=True)
class Asked:
    """What `show` is asked for, as it was typed."""

    coins: tuple[str, ...]
    currency: str | None
    first: date | None
    last: date | None
    kind: str
    output: Path | None
    table: str


def status(configured: Settings, workspace: Workspace, day: date | None, *, is_json: bool) -> int:
    """What is there and what would run."""
    from btc_pipeline.commands import status as states
    from btc_pipeline.commands import step_states

    asked = states.checked_day(configured, day)
    found = states.of(configured, workspace, asked, step_states.of_chain(asked))
    if is_json:
        stdout.tell(json.dumps(states.as_json(found)))
    else:
        stdout.write(states.lines(found))
    return SUCCESS


def show(workspace: Workspace, asked: Asked) -> int:
    """What is published."""
    from btc_pipeline.commands import show as shown

    try:
        coins = parsers.coins(",".join(asked.coins)) if asked.coins else ()
        currencies = parsers.currencies(asked.currency) if asked.currency else ()
    except ValueError as error:
        raise ConfigurationError(
            f"bad coin or currency: {error}", "name them as CoinGecko does, e.g. bitcoin"
        ) from None
    if asked.first and asked.last and asked.last < asked.first:
        raise ConfigurationError(f"bad --from {asked.first}: it is after --to {asked.last}", "change one of them")
    if asked.kind == "parquet" and asked.output is None:
        raise ConfigurationError("Parquet is no text for a terminal", "add --output candles.parquet")
    output = shown.checked_output(asked.output, workspace.data_dir) if asked.output else None
    selection = shown.Selection(asked.table, coins, currencies, asked.first, asked.last)
    rows = shown.rows(workspace.published, selection)
    if output and asked.kind == "parquet":
        shown.write_parquet(workspace.published, selection, output)
        return SUCCESS
    names = list(rows[0]) if rows else shown.columns(workspace.published, selection)
    forms = {"csv": lambda: shown.as_csv(rows, names), "json": lambda: shown.as_json(rows)}
    screen = stdout.screen()
    text = forms.get(asked.kind, lambda: shown.as_table(rows, selection, screen.width))()
    if output:
        shown.write_text(text, output)
    else:
        stdout.tell(text)
    return SUCCESS


def doctor(luigi_arguments: Sequence[str], *, is_json: bool) -> int:
    """All checks; they go on where the settings are bad."""
    from btc_pipeline.commands import doctor as checks

    log.hush()
    try:
        with luigi_options.applied(luigi_arguments):
            found = checks.all_checks()
    except SystemExit as ended:
        return int(ended.code or 0)
    if is_json:
        stdout.tell(json.dumps(checks.as_json(found)))
    else:
        stdout.write(checks.lines(found))
    return checks.exit_code(found)


def published_coins(luigi_arguments: Sequence[str]) -> list[str]:
    """The coins that are published; none where that cannot be seen."""
    failures = (PipelineError, duckdb_files.DatabaseError, OSError, SystemExit)
    with contextlib.suppress(*failures), luigi_options.applied(luigi_arguments):
        configured = reader.load()
        workspace = Workspace(configured.data_dir, configured.source)
        query = "select distinct coin_id from daily_candlestick order by 1"
        (rows,) = published.read(workspace.published, query)
        return [str(row["coin_id"]) for row in rows]
    return []
