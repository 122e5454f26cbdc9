"""The summary for a person: a table for each of a few pairs, a line for each of many, within the terminal's width."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from btc_pipeline.market.gaps import OpenGaps
from btc_pipeline.market.pair import Pair
from btc_pipeline.terminal import stdout, summary_text
from btc_pipeline.terminal import tables as table
from btc_pipeline.terminal.summary import PairSummary, StepSummary, Summary

LAST = date(2026, 11, 24)
STEPS = [StepSummary(name, "done", 12.34) for name in ("ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish")]


def row(coin, number, price=80_000.0):
    day = LAST - timedelta(days=number)
    return {
        "coin_id": coin,
        "vs_currency": "usd",
        "date": day,
        "volume_24h": 4e10,
        "points": 24,
        "coverage": 0.999,
        "open": price,
        "high": price * 1.1,
        "low": price * 0.9,
        "close": price * 1.05,
        "status": "final" if number else "open",
        "last_point_at": datetime(day.year, day.month, day.day, 23, tzinfo=timezone.utc),
    }


def series(coin="bitcoin", days=8, price=80_000.0, gaps=0, slots=0, anomalies=0):
    rows = [row(coin, number, price) for number in reversed(range(days))]
    return PairSummary(Pair(coin, "usd"), rows, OpenGaps(({},) * gaps, slots), anomalies, Path(f"/data/{coin}.png"))


def summary(*shown, days=8, is_sample="false", warned=()):
    about = {"source": "CoinGecko", "is_sample": is_sample, "as_of": "2026-11-24T22:58:08Z"}
    return Summary(
        about,
        LAST - timedelta(days=days - 1),
        LAST,
        list(shown),
        STEPS,
        {},
        list(warned),
        Path("/data/db.duckdb"),
        Path("/data/report.html"),
    )


def text(of_run, width=80, *, is_terminal=False):
    return stdout.plain(summary_text.lines(of_run, stdout.Screen(width, is_terminal, True)))


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("number", [1, 3, 4, 60])
@pytest.mark.parametrize("price", [1e-9, 0.12, 80_000.0, 1e6])
def test_no_line_is_wider_than_the_terminal(width, number, price):
    coins = [series(f"a-coin-with-a-long-name-{each}", price=price, gaps=2) for each in range(number)]
    shown = text(summary(*coins), width, is_terminal=True)
    assert max(map(len, shown.splitlines())) <= width


@pytest.mark.parametrize(("width", "word"), [(160, "provisional: edge, second_opinion_differs"), (80, "doubted")])
def test_a_doubted_day_says_so_in_its_line_and_below(width, word):
    shown = series()
    shown.rows[3] |= {"status": "provisional", "doubts": ["edge", "second_opinion_differs"]}
    lines = text(summary(shown), width).splitlines()
    (line,) = (each for each in lines if each.startswith(shown.rows[3]["date"].isoformat()))
    assert line.endswith(f"  {word}")
    assert "1 day doubted" in lines
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("number", "tables"), [(3, 3), (4, 0)])
def test_more_than_three_coins_have_a_line_each_instead_of_a_table(number, tables):
    shown = text(summary(*(series(f"coin-{each}") for each in range(number))))
    assert shown.count("day (UTC)") == tables


def test_of_a_long_history_the_table_has_the_newest_days():
    shown = text(summary(series(days=80), days=80))
    assert ("the newest 16 of 80 days" in shown, "2026-11-09" in shown, "2026-11-08" in shown) == (True, True, False)


def test_candles_are_drawn_on_a_terminal_alone():
    drawn, listed = (text(summary(series()), is_terminal=is_terminal) for is_terminal in (True, False))
    assert ("█" in drawn, "█" in listed) == (True, False)


def test_what_is_odd_is_told():
    assert "1 day missing, 2 open gaps, 1 anomaly" in text(summary(series(gaps=2, anomalies=1), days=9))


@pytest.mark.parametrize("coins", [1, 4])
def test_single_slots_are_counted_in_one_line_and_are_no_alarm(coins):
    of_run = summary(*(series(f"coin-{number}", slots=3) for number in range(coins)))
    lines = summary_text.lines(of_run, stdout.Screen(80, False, True))
    assert [(f"{3 * coins} single slots missing", "muted")] in lines
    assert not any(style == "bad" and text.strip() for line in lines for text, style in line)


def test_a_coin_without_a_candle_says_so():
    assert "no candle" in text(summary(series(days=0)))


@pytest.mark.parametrize(("is_sample", "says_so"), [("true", True), ("false", False)])
def test_a_sample_is_told_first_and_loudly(is_sample, says_so):
    lines = summary_text.lines(summary(series(), is_sample=is_sample), stdout.Screen(80, False, True))
    styles = [style for line in lines[:2] for _, style in line]
    assert ("loud" in styles) == says_so


def test_a_coin_that_was_left_out_is_told_with_the_reason():
    of_run = replace(summary(series()), skipped={"nosuch/usd": "HTTP 404, coin not found"})
    assert "skipped   nosuch/usd: HTTP 404, coin not found" in text(of_run)


def test_a_check_that_warned_is_named():
    shown = text(summary(series(), warned=["singular:assert_no_gap_is_open"]))
    assert "warned    singular:assert_no_gap_is_open" in shown


@pytest.mark.parametrize(
    ("as_of", "words"), [("2026-11-24", "84,000.00   "), ("2026-11-26", "84,000.00 on Tue 24 Nov")]
)
def test_a_price_of_a_past_day_says_of_which(as_of, words):
    of_run = summary(series())
    of_run.about["as_of"] = f"{as_of}T22:58:08Z"
    assert words in text(of_run)


def test_steps_that_were_done_before_are_told_apart():
    of_run = replace(
        summary(series()), steps=[StepSummary("Publish", "done already"), StepSummary("Visualize", "done", 0.31)]
    )
    assert "done      Visualize 0.31 s\nwas done  Publish" in text(of_run)


def test_coverage_is_rounded_down():
    assert {line.split()[-2] for line in table.of_candles(series().candles, 120)[1:]} == {"99%"}


@pytest.mark.parametrize(("width", "columns"), [(120, 9), (80, 7), (70, 6)])
def test_a_narrow_table_does_without_the_columns_that_say_least(width, columns):
    head, *_ = table.of_candles(series().candles, width)
    assert len(head.replace("day (UTC)", "day").replace("24 h volume", "volume").split()) == columns


# --- How to open the report


@pytest.mark.parametrize(("report", "others", "named"), [
    ("2026-11-24", (), ""),
    ("2026-11-24", ("2026-11-23", "2026-10-01_2026-11-30"), ""),
    ("2026-11-24", ("2026-11-25",), "2026-11-24 "),
    ("2026-10-01_2026-11-30", (), "2026-10-01_2026-11-30 "),
])  # fmt: skip
def test_a_report_is_named_where_open_alone_would_show_another(report, others, named, tmp_path):
    for name in (report, *others):
        (tmp_path / f"{name}.html").touch()
    of_run = replace(summary(series()), report=tmp_path / f"{report}.html")
    assert f"btc-pipeline open {named}--pipeline-data-dir /" in text(of_run)
