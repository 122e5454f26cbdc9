"""`btc-pipeline show`: the published tables as a table, CSV, JSON or Parquet, so that nobody needs to know the file.

Reads as any reader would, while a run is at work too. Values are exact: numbers in full, instants in UTC with a Z.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from btc_pipeline.errors import SUCCESS, ConfigurationError
from btc_pipeline.market import nearest
from btc_pipeline.market.instants import plain
from btc_pipeline.observe import log
from btc_pipeline.settings import parsers
from btc_pipeline.settings.workspace import SOURCES, Workspace
from btc_pipeline.system import files
from btc_pipeline.terminal import grid, stdout, tables
from btc_pipeline.warehouse import contract, duckdb_files, published
from btc_pipeline.warehouse.duckdb_files import quoted
from btc_pipeline.warehouse.published import Row

TABLES = (*contract.TABLES, *contract.OF_THE_RUN)
FORMATS = ("table", "csv", "json", "parquet")
_OF_SUFFIX = {".txt": "table", ".csv": "csv", ".json": "json", ".parquet": "parquet"}
_LONGEST_CELL = 40


@dataclass(frozen=True)
class Selection:
    """Which rows: of a table, of some coins (none: all) in some currencies (none: all), of a span of UTC days."""

    table: str
    coins: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def query(self) -> str:
        """As SQL. Coins and currencies are validated."""
        if order := contract.OF_THE_RUN.get(self.table):
            return f"select * from {self.table} order by {order}"
        begins, ends = self._days
        conditions = [self._pairs]
        if self.first:
            conditions.append(f"{ends} {'>' if begins != ends else '>='} {quoted(self.first.isoformat())}")
        if self.last:
            conditions.append(f"{begins} < {quoted((self.last + timedelta(days=1)).isoformat())}")
        return f"select * from {self.table} where {' and '.join(conditions)} order by {contract.TABLES[self.table]}"

    @property
    def query_of_all_days(self) -> str:
        """As SQL: of how many rows, of which days, the selection takes some; each day as text, or null."""
        if self.table in contract.OF_THE_RUN:
            return f"select count(*) as number, null as first, null as last from {self.table}"
        begins, ends = self._days
        span = f"min({begins})::date::text as first, max({ends})::date::text as last"
        return f"select count(*) as number, {span} from {self.table} where {self._pairs}"

    @property
    def _days(self) -> tuple[str, str]:
        """The columns in which a row begins and ends: a gap has two."""
        return ("gap_from", "gap_to") if self.table == "price_gaps" else ("date", "date")

    @property
    def _pairs(self) -> str:
        wanted = (("coin_id", self.coins), ("vs_currency", self.currencies))
        conditions = [f"{column} in ({', '.join(map(quoted, names))})" for column, names in wanted if names]
        return " and ".join(conditions) or "true"


def rows(database: Path, selection: Selection) -> list[Row]:
    """The selected rows.

    Raises:
        ConfigurationError: nothing is published, or none of a coin; says which is nearest.
    """
    found, candles = published.read(
        database, selection.query, "select distinct coin_id, vs_currency from daily_candlestick"
    )
    for wanted, column in ((selection.coins, "coin_id"), (selection.currencies, "vs_currency")):
        known = sorted({row[column] for row in candles})
        for name in wanted:
            if name not in known:
                raise _unknown(name, known)
    return found


def columns(database: Path, selection: Selection) -> list[str]:
    """The names of the columns, which exist without any row too."""
    (described,) = published.read(database, f"describe {selection.query}")
    return [row["column_name"] for row in described]


def what_there_is(database: Path, selection: Selection) -> str:
    """Why a selection may have no row: what its table has of the same coins."""
    ((found,),) = published.read(database, selection.query_of_all_days)
    of_coins = ", ".join((*selection.coins, *selection.currencies))
    of = f"{selection.table}{f' of {of_coins}' if of_coins else ''}"
    if not found["number"]:
        return f"{of} is empty"
    count = f"{found['number']} row{'s' * (found['number'] != 1)}"
    return f"{of} has {count}, from {found['first']} to {found['last']}"


def as_csv(selected: Sequence[Row], names: Sequence[str]) -> str:
    """With a header line; unknown values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_exact(row[name]) for name in names] for row in selected)
    return text.getvalue().rstrip("\n")


def as_json(selected: Sequence[Row]) -> str:
    """An array of objects, one on each line."""
    lines = [json.dumps({name: plain(value) for name, value in row.items()}) for row in selected]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def as_table(selected: Sequence[Row], selection: Selection, width: int) -> str:
    """For a person: candles as after a run, other tables with all their columns."""
    if not selected:
        return ""
    if selection.table != "daily_candlestick":
        return _grid(selected)
    blocks = []
    pairs = dict.fromkeys((row["coin_id"], row["vs_currency"], row["source"]) for row in selected)
    for coin, currency, source in pairs:
        candles = [
            published.candle_of(row) for row in selected if (row["coin_id"], row["vs_currency"]) == (coin, currency)
        ]
        blocks.append("\n".join([f"{coin} / {currency} from {source}", "", *tables.of_candles(candles, width)]))
    return "\n\n".join(blocks)


def write_parquet(database: Path, selection: Selection, path: Path) -> None:
    """The selected rows as a Parquet file, whole or not at all; instants are typed as UTC."""
    with files.replacing(path) as temporary, duckdb_files.opened(database, read_only=True) as connection:
        described = connection.execute(f"describe {selection.query}").fetchall()
        instants = [name for name, kind, *_ in described if kind == "TIMESTAMP"]
        zoned = ", ".join(f"{name}::timestamptz as {name}" for name in instants)
        query = f"select * {f'replace ({zoned})' if zoned else ''} from ({selection.query})"
        connection.execute(f"copy ({query}) to {quoted(str(temporary))} (format parquet)")


def write_text(text: str, path: Path) -> None:
    """A text file, whole or not at all."""
    files.write(path, f"{text}\n".encode())


def checked_output(path: Path, data_dir: Path) -> Path:
    """A file that may be written: a new one, or a regular one outside of the workspaces below `data_dir`.

    Raises:
        ConfigurationError: it is something else, or its folder does not exist or cannot be written to.
    """
    if problem := _problem_of_output(path, data_dir):
        raise ConfigurationError(f"bad --output {path}: {problem}", "name another file, in a folder that exists")
    return path


def _problem_of_output(path: Path, data_dir: Path) -> str:
    if path.is_dir():
        return "it is a folder"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return "it is not a regular file"
    folder = path.parent.resolve()
    for source in SOURCES:
        if folder.is_relative_to(Workspace(data_dir, source).root.resolve()):
            return f"folder {folder} is the pipeline's own"
    return "" if os.access(folder, os.W_OK) else "its folder cannot be written"


def _unknown(name: str, known: Sequence[str]) -> ConfigurationError:
    near = nearest.names(name, known, most=3, least_ratio=0.5)
    meant = f"nearest: {', '.join(near)}" if near else f"there are: {', '.join(known[:5])}"
    return ConfigurationError(f"nothing of {name!r} is published; {meant}", "correct it, or run the pipeline with it")


def _exact(value: object) -> object:
    """CSV has no types: true and false as JSON has them."""
    return str(value).lower() if isinstance(value, bool) else plain(value)


def _grid(selected: Sequence[Row]) -> str:
    cells = [tuple(selected[0]), *(tuple(_cell(value) for value in row.values()) for row in selected)]
    return "\n".join(grid.lines(cells))


def _cell(value: object) -> str:
    text = "" if value is None else f"{value:.8g}" if isinstance(value, float) else str(_exact(value))
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


@dataclass(frozen=True)
class Arguments:
    """The arguments of `show`, as they were typed."""

    coins: tuple[str, ...]
    currency: str | None
    first: date | None
    last: date | None
    kind: str | None
    output: Path | None
    table: str

    @property
    def form(self) -> str:
        """The format: as it was chosen, or as the name of the output says.

        Raises:
            ConfigurationError: that name says none.
        """
        if self.kind or not self.output:
            return self.kind or FORMATS[0]
        suffix = self.output.suffix.lower()
        if suffix not in _OF_SUFFIX:
            known = ", ".join(_OF_SUFFIX)
            raise ConfigurationError(
                f"bad --output {self.output}: its name ends with none of {known}", "choose one of them, or add --format"
            )
        return _OF_SUFFIX[suffix]


def show(workspace: Workspace, given: Arguments) -> int:
    """What is published."""
    try:
        coins = parsers.coins_as_typed(",".join(given.coins)) if given.coins else ()
        currencies = parsers.currencies_as_typed(given.currency) if given.currency else ()
    except ValueError as error:
        raise ConfigurationError(
            f"bad coin or currency: {error}", "name them as CoinGecko does, e.g. bitcoin"
        ) from None
    if given.first and given.last and given.last < given.first:
        raise ConfigurationError(f"bad --from {given.first}: it is after --to {given.last}", "change one of them")
    form = given.form
    if form == "parquet" and given.output is None:
        raise ConfigurationError("Parquet is not text that a terminal can show", "add --output candles.parquet")
    output = checked_output(given.output, workspace.data_dir) if given.output else None
    selection = Selection(given.table, coins, currencies, given.first, given.last)
    found = rows(workspace.published, selection)
    if not found:
        log.warning("no rows: %s", what_there_is(workspace.published, selection))
    if output and form == "parquet":
        write_parquet(workspace.published, selection, output)
        return SUCCESS
    names = list(found[0]) if found else columns(workspace.published, selection)
    forms = {"csv": lambda: as_csv(found, names), "json": lambda: as_json(found)}
    screen = stdout.screen()
    text = forms.get(form, lambda: as_table(found, selection, screen.width))()
    if output:
        write_text(text, output)
    elif text:
        stdout.write_text(text)
    return SUCCESS
