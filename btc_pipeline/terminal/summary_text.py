"""The summary of a run for a person: candles drawn and as a table, steps, what is odd, where the files are.

Pure: from a summary and the width of a screen to lines of styled words.
"""

from __future__ import annotations

import shlex
import sys
import textwrap
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.market import formatting, instants
from btc_pipeline.market.gaps import rest_text
from btc_pipeline.terminal import candle_chart, tables
from btc_pipeline.terminal.summary import PairSummary, StepSummary, Summary, near

if TYPE_CHECKING:
    from btc_pipeline.terminal.stdout import Line, Screen, Style

MOST_TABLES, MOST_DAYS = 3, 16
_LABEL = 10


def lines(summary: Summary, screen: Screen) -> list[Line]:
    """All of it: a table for each of a few pairs, a line for each of many."""
    blocks: list[list[Line]] = [[[(f" {formatting.SAMPLE_WARNING} ", "loud")]]] if summary.is_sample else []
    if len(summary.series) > MOST_TABLES:
        blocks.append([*_title_of_all(summary), [], *_overview(summary, screen)])
    else:
        blocks += [_of_series(summary, series, screen) for series in summary.series]
    blocks.append([*_skipped(summary, screen), *_warned(summary), *_of_steps(summary.steps, screen), *_places(summary)])
    return [line for block in blocks for line in ([], *block)]


def _as_of(summary: Summary) -> str:
    as_of = formatting.instant_text(instants.parse(summary.about["as_of"]))
    return f"{summary.about['source']}, as of {as_of}"


def _of_series(summary: Summary, series: PairSummary, screen: Screen) -> list[Line]:
    """A title, the change, the picture, the table."""
    coin, currency = series.pair
    title = f"{formatting.coin_name(coin)} / {currency.upper()}"
    candles = series.candles
    if not candles:
        return [[(title, "strong"), (f"   {_as_of(summary)}", "muted")], [("no candle", "bad")]]
    changes = [(f"   {text}", _direction(change)) for text, change in formatting.change_texts(candles)]
    shown: list[Line] = [
        [(title, "strong"), (f"   {_as_of(summary)}", "muted")],
        [
            (f"{formatting.single_price_text(candles[-1].close)}{_of_past(summary, candles[-1].date)}", "strong"),
            *changes,
        ],
        [],
    ]
    if screen.is_terminal:
        wide = screen.width - 1
        shown += [*candle_chart.drawn(candles, summary.days, wide, is_unicode=screen.is_unicode), []]
    head, *rows = tables.of_candles(candles[-MOST_DAYS:], screen.width)
    if len(candles) > MOST_DAYS:
        shown.append([(f"the newest {MOST_DAYS} of {len(candles)} days; all: btc-pipeline show", "muted")])
    shown += [[(head, "muted")], *map(_unstyled, rows)]
    odd = _odd(series, len(summary.days) - len(candles))
    notes: list[Line] = [[(", ".join(odd), "bad")]] if odd else []
    notes += _rest([series])
    return [*shown, [], *notes] if notes else shown


def _of_past(summary: Summary, day: date) -> str:
    """The day of a price that is older than the day of the run."""
    return f" on {formatting.day_text(day)}" if day.isoformat() < summary.about["as_of"][:10] else ""


def _title_of_all(summary: Summary) -> list[Line]:
    window = formatting.window_text(summary.first_day, summary.last_day)
    return [[(f"{len(summary.series)} series, {window}", "strong"), (f"   {_as_of(summary)}", "muted")]]


def _overview(summary: Summary, screen: Screen) -> list[Line]:
    head = ("series", "last", "change", "course", "final", "coverage", "")
    body = [_overview_row(summary, series, screen) for series in summary.series]
    widths = [max(len(row[column]) for row in (head, *(cells for cells, _ in body))) for column in range(len(head))]
    others = sum(widths[1:]) + 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(screen.width - others, 12))

    def aligned(row: tuple[str, ...]) -> list[str]:
        name = row[0] if len(row[0]) <= widths[0] else f"{row[0][: widths[0] - 1]}…"
        numbers = [cell.rjust(wide) for cell, wide in zip(row[1:3], widths[1:3], strict=True)]
        return [
            name.ljust(widths[0]),
            *numbers,
            row[3].ljust(widths[3]),
            row[4].rjust(widths[4]),
            row[5].rjust(widths[5]),
        ]

    lines: list[Line] = [[("  ".join(aligned(head)), "muted")]]
    for row, direction in body:
        name, last, change, *rest = aligned(row)
        lines.append([(f"{name}  {last}  ", ""), (change, direction), (f"  {'  '.join(rest)}  ", ""), (row[6], "bad")])
    return [*lines, *_rest(summary.series)]


def _overview_row(summary: Summary, series: PairSummary, screen: Screen) -> tuple[tuple[str, ...], Style]:
    candles = series.candles
    if not candles:
        return (str(series.pair), "", "", "", "", "", "no candle"), ""
    by_day = {candle.date: candle.close for candle in candles}
    closes = [by_day.get(day) for day in summary.days]
    change = candles[-1].close / candles[0].open - 1
    course = [candles[0].open, *closes][-min(31, max(9, screen.width - 72)) :]  # from the open that the change is since
    over = [candle for candle in candles if candle.status != "open"]
    final = sum(candle.status == "final" for candle in candles)
    notes = _odd(series, len(closes) - len(candles))
    cells = (
        str(series.pair),
        formatting.single_price_text(candles[-1].close),
        formatting.change_text(change),
        candle_chart.sparkline(course, is_unicode=screen.is_unicode),
        f"{final} of {len(over)}",
        f"{formatting.whole_percent(min(candle.coverage for candle in candles))}%",
        ", ".join(notes),
    )
    return cells, _direction(change)


def _odd(series: PairSummary, missing: int) -> list[str]:
    """What a person should look at; `show` has the rows."""
    doubted = sum(bool(candle.doubts) for candle in series.candles)
    numbers = (
        (missing, "day missing", "days missing"),
        (doubted, "day doubted", "days doubted"),
        (len(series.gaps.notable), "open gap", "open gaps"),
        (series.anomalies, "anomaly", "anomalies"),
    )
    return [f"{number} {one if number == 1 else many}" for number, one, many in numbers if number]


def _rest(shown: Sequence[PairSummary]) -> list[Line]:
    """What is on record, common, and no alarm: single slots that are missing."""
    text = rest_text(sum(series.gaps.single_slots for series in shown))
    return [[(text, "muted")]] if text else []


def _skipped(summary: Summary, screen: Screen) -> list[Line]:
    shown: list[Line] = []
    for pair, reason in summary.skipped.items():
        wrapped = textwrap.wrap(f"{pair}: {reason}", max(screen.width - _LABEL, 20))
        labels = ["skipped", *("" for _ in wrapped[1:])]
        shown += [[(label.ljust(_LABEL) + line, "bad")] for label, line in zip(labels, wrapped, strict=True)]
    return [*shown, []] if shown else []


def _warned(summary: Summary) -> list[Line]:
    shown: list[Line] = [[("warned".ljust(_LABEL) + name, "bad")] for name in summary.warned]
    return [*shown, []] if shown else []


def _of_steps(steps: list[StepSummary], screen: Screen) -> list[Line]:
    """The steps that were at work with their seconds, and those that were done before."""
    done = [f"{step.name} {step.seconds:.2f} s" for step in steps if step.seconds is not None]
    rest = {outcome: [step.name for step in steps if step.outcome == outcome] for outcome in ("done already", "failed")}
    if not done and len(rest["done already"]) == len(steps):
        return [[("steps     ", "muted"), ("all done already", "")]]
    labelled = {"done": done, "was done": rest["done already"], "failed": rest["failed"]}
    shown: list[Line] = []
    for label, words in labelled.items():
        # Words that belong together stay on one line
        text = ", ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in words)
        for number, line in enumerate(textwrap.wrap(text, max(screen.width - _LABEL, 20))):
            head = (label if number == 0 else "").ljust(_LABEL)
            shown.append([(head, "muted"), (line.replace("\N{NO-BREAK SPACE}", " "), "")])
    return shown


def _places(summary: Summary) -> list[Line]:
    charts = [series.chart for series in summary.series if series.chart]
    many = len(charts) > MOST_TABLES
    shown = [f"{near(charts[0].parent)}/ ({len(charts)})"] if many else [near(chart) for chart in charts]
    places: list[Line] = [[("chart     ", "muted"), (chart, "")] for chart in shown]
    if summary.report:
        places.append([("report    ", "muted"), (near(summary.report), "")])
        places.append([("to open   ", "muted"), (_to_open(summary), "")])
    return [*places, [("database  ", "muted"), (f"{near(summary.database)} (table daily_candlestick)", "")]]


def _to_open(summary: Summary) -> str:
    """What to type to see the report; the source may have been chosen by `btc-pipeline run`."""
    program = near(Path(sys.executable).with_name("btc-pipeline"))
    folder = near(summary.database.parent.parent)
    options = ["--sample"] if summary.is_sample else []
    options += [] if folder == "data" else [f"--pipeline-data-dir {shlex.quote(folder)}"]
    names = [summary.report.stem] if summary.report and not _is_of_newest_run(summary.report) else []
    return " ".join([program, "open", *names, *options])


def _is_of_newest_run(report: Path) -> bool:
    """Whether `open` without a name shows it: no backfill, and no run of a past day."""
    return "_" not in report.stem and report.name >= max(report.parent.glob("????-??-??.html"), default=report).name


def _unstyled(text: str) -> Line:
    return [(text, "")]


def _direction(change: float) -> Style:
    return "up" if change > 0 else "down" if change < 0 else ""
