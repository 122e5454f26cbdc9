"""The four answers at a glance."""

from datetime import date, timedelta

import pytest

from btc_pipeline.visualize.report import series, verdict
from tests.visualize.report.published import DAY, backfill, candle, week


@pytest.fixture
def judge(read):
    def judged(**published):
        known = read(**published)
        return verdict.of(known, series.of(known))

    return judged


GAP = {
    "coin_id": "bitcoin",
    "vs_currency": "usd",
    "gap_from": "2026-05-12 03:00:00",
    "gap_to": "2026-05-12 05:00:00",
    "granularity": "hourly",
    "slots": 2,
    "cause": "not_run",
    "state": "open",
    "found_at": "2026-05-13 00:40:00",
    "touches": [],
    "is_notable": True,
}
SINGLE = GAP | {"gap_to": "2026-05-12 04:00:00", "slots": 1, "is_notable": False}
ANOMALY = {
    "coin_id": "bitcoin",
    "vs_currency": "usd",
    "date": DAY - timedelta(days=1),
    "measure": "return",
    "value": 0.4,
    "score": 9.0,
    "severity": "warning",
    "reason": "far from the days before",
}
WARNED = {"check_name": "singular:assert_no_gap_is_open", "outcome": "warn"}
OPINION = {"coin_id": "bitcoin", "vs_currency": "usd", "date": DAY - timedelta(days=1), "ohlc_candles": 6}


# --- The price


def test_one_series_is_answered_by_its_price_and_its_changes(judge):
    answer = judge().price
    assert answer.words == "68,000.12 USD"
    assert answer.lines == ("▲ +0.15 % since previous close", "▲ +2.06 % since Fri 8 May open")


def test_many_are_answered_by_how_many_rose_and_the_two_ends(judge):
    eight = candle(DAY - timedelta(days=7), coin_id="ethereum", open=4_000.0, close=4_000.0, high=4_000.0, low=4_000.0)
    last = eight | {"date": DAY, "close": 3_000.0, "low": 3_000.0, "last_point_at": f"{DAY} 14:30:00"}
    answer = judge(candles=[*week(), eight, last]).price
    assert answer.words == "1 up, 1 down"
    assert answer.lines[1:] == ("▲ +2.06 % Bitcoin / USD", "▼ −25.00 % Ethereum / USD")


def test_a_change_is_since_the_day_that_there_is_a_candle_of(judge):
    assert judge(candles=[candle()]).price.lines == ("no previous close", "▲ +1.01 % since Fri 15 May open")


def test_a_price_of_before_the_window_is_told_with_its_day(judge):
    answer = judge(candles=[candle(DAY - timedelta(days=8), status="final")]).price
    assert (answer.lines, answer.level) == (("on Thu 7 May",), "warning")


# --- The trust


def test_all_checks_passed_and_all_settled_is_a_yes(judge):
    answer = judge(is_sample=False).trust
    assert (answer.words, answer.level) == ("Yes", "good")
    assert answer.lines == (
        *("1 of 1 checks passed", "7 final, 1 open, since Fri 8 May", "no second opinion"),
        "whole history not proved yet",
    )


def test_sample_data_is_never_a_plain_yes(judge):
    answer = judge().trust
    assert (answer.level, answer.lines[-1]) == ("notice", "SAMPLE: not market data")


def test_days_without_data_make_it_a_mostly_and_are_counted(judge):
    answer = judge(candles=[row for i, row in enumerate(week()) if i not in {2, 3}]).trust
    assert (answer.words, answer.lines[1]) == ("Mostly", "5 final, 1 open, 2 without data, since Fri 8 May")


def test_a_badly_covered_day_makes_it_a_mostly(judge):
    answer = judge(candles=[*week()[:-1], candle(coverage=0.04)]).trust
    assert (answer.words, answer.lines[2]) == ("Mostly", "least coverage of a day 4 %")


def test_a_coin_that_was_asked_for_and_is_not_there_is_named(judge):
    answer = judge(asked=["bitcoin", "nosuchcoin"]).trust
    assert (answer.words, answer.level) == ("Not all of it", "warning")
    assert "no candle: nosuchcoin / usd" in answer.lines


def test_a_coin_that_is_not_asked_for_any_more_is_not_judged(judge):
    old = [candle(DAY - timedelta(days=400), coin_id="dogecoin", status="final")]
    judged = judge(candles=[*old, *week()], asked=["bitcoin"])
    assert (judged.freshness.level, judged.trust.words) == ("good", "Yes")


def test_no_candle_in_the_window_is_a_no(judge):
    answer = judge(candles=[candle(DAY - timedelta(days=400), status="final")]).trust
    assert (answer.words, answer.level) == ("No: nothing is new", "warning")


def test_a_warning_of_a_check_is_said_with_the_yes(judge):
    assert judge(tables={"run_checks": [WARNED]}).trust.words == "Yes, with 1 warning"


def test_a_provisional_day_is_a_mostly(judge):
    candles = [candle(row["date"], status="provisional") if i == 3 else row for i, row in enumerate(week())]
    answer = judge(candles=candles).trust
    assert (answer.words, answer.level) == ("Mostly", "notice")


def test_the_doubts_are_named_and_counted(judge):
    doubted = candle(week()[3]["date"], status="provisional", doubts=["edge", "series_differ"])
    candles = [doubted if i == 3 else row for i, row in enumerate(week())]
    assert "doubted: edge (1), series_differ (1)" in judge(candles=candles).trust.lines


def test_a_second_opinion_that_differs_is_a_warning(judge):
    answer = judge(tables={"second_opinions": [OPINION | {"largest_bps": 70.0, "verdict": "differs"}]}).trust
    assert (answer.words, answer.level) == ("Not without a look", "warning")
    assert "second opinion agrees on 0 of 1 days" in answer.lines


def test_a_version_without_checks_is_not_trusted(judge):
    answer = judge(tables={"run_checks": []}).trust
    assert (answer.words, answer.level) == ("Not checked", "warning")


# --- The freshness


def test_the_age_is_that_of_the_newest_price_when_it_was_asked_for(judge):
    judged = judge()
    assert (judged.freshness.words, judged.freshness.level) == ("12 minutes old when requested", "good")
    assert judged.newest_at == "2026-05-15T14:30:00Z"


def test_a_series_that_stayed_behind_is_named(judge):
    late = [candle(DAY - timedelta(days=1), coin_id="ethereum")]
    answer = judge(candles=[*week(), *late]).freshness
    assert (answer.level, answer.lines[-1]) == ("warning", "older than 6 h: Ethereum / USD")


def test_a_past_day_s_run_is_told_as_one_and_sees_nothing_of_later_days(judge):
    later = [
        candle(DAY + timedelta(days=n), 90_000.0, last_point_at=f"{DAY + timedelta(days=n)} 14:30:00") for n in (1, 2)
    ]
    asked_later = [row | {"extracted_at": "2026-05-17 14:42:00"} for row in week()]
    judged = judge(candles=[*asked_later, *later])
    assert (judged.price.words, judged.freshness.words) == ("68,000.12 USD", "A past day")
    assert judged.newest_at == "2026-05-15T14:30:00Z"


# --- What was odd


def test_a_quiet_week_is_said_to_be_one(judge):
    answer = judge().oddities
    assert (answer.words, answer.level) == ("Nothing", "good")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"price_gaps": [GAP]}, "1 open gap"),
        ({"price_gaps": [GAP, GAP | {"gap_from": "2026-05-12 04:00:00"}]}, "2 open gaps"),
        ({"price_gaps": [GAP | {"coin_id": "ethereum"}]}, "Nothing"),
        ({"price_gaps": [GAP | {"state": "closed"}]}, "Nothing"),
        ({"price_gaps": [GAP | {"state": "explained"}]}, "Nothing"),
        ({"price_gaps": [GAP | {"gap_from": "2026-01-01 03:00:00", "gap_to": "2026-01-01 05:00:00"}]}, "Nothing"),
        ({"price_anomalies": [ANOMALY]}, "1 anomaly"),
        ({"price_anomalies": [ANOMALY], "price_gaps": [GAP]}, "1 anomaly, 1 open gap"),
        ({"run_checks": [WARNED]}, "1 check warned"),
    ],
)  # fmt: skip
def test_what_was_odd_in_the_window_is_counted(judge, tables, words):
    assert judge(tables=tables).oddities.words == words


REVISION = {
    "coin_id": "bitcoin", "vs_currency": "usd", "date": "2026-05-10", "subject": "candle", "field": "close",
    "old_value": "1.5", "new_value": "2.5", "reason": "late_points", "revised_at": "2026-05-15 00:40:00",
}  # fmt: skip


@pytest.mark.parametrize(("last", "words"), [(DAY, "1 revision"), (date(2026, 5, 9), "Nothing")])
def test_a_revision_of_a_day_after_those_of_the_run_is_none_of_its(last, words, judge):
    about = backfill(date(2026, 5, 4), last)
    assert judge(tables={"candle_revisions": [REVISION]}, about=about).oddities.words == words


def test_single_slots_are_counted_in_one_line_and_are_no_alarm(judge):
    singles = [
        SINGLE | {"gap_from": f"2026-05-{day} 03:00:00", "gap_to": f"2026-05-{day} 04:00:00"} for day in (12, 13)
    ]
    answer = judge(tables={"price_gaps": singles}).oddities
    assert (answer.words, answer.level) == ("Nothing", "good")
    assert answer.lines == ("since Fri 8 May", "2 single slots missing")


def test_the_longest_gaps_are_named_whatever_else_there_is(judge):
    hours = {
        "2026-05-09": "05:00",
        "2026-05-10": "04:00",
        "2026-05-11": "09:00",
        "2026-05-13": "06:00",
    }
    gaps = [GAP | {"gap_from": f"{day} 03:00:00", "gap_to": f"{day} {hour}:00"} for day, hour in hours.items()]
    gaps[1] |= {"slots": 1, "touches": ["high", "low"]}
    many = [
        SINGLE | {"gap_from": f"2026-05-14 {hour:02}:00:00", "gap_to": f"2026-05-14 {hour + 1:02}:00:00"}
        for hour in range(0, 20, 2)
    ]
    answer = judge(tables={"price_gaps": [*many, *gaps]}).oddities
    assert (answer.words, answer.level) == ("4 open gaps", "notice")
    assert answer.lines == (
        "gap of 6 hours: bitcoin, Mon 11 May, 03:00",
        "gap of 3 hours: bitcoin, Wed 13 May, 03:00",
        "gap of 2 hours: bitcoin, Sat 9 May, 03:00",
        "and 1 more",
        "10 single slots missing",
    )
    (line, *_) = judge(tables={"price_gaps": gaps[1:2]}).oddities.lines
    assert line == "gap of 60 minutes at the high and low: bitcoin, Sun 10 May, 03:00"


def test_a_gap_is_told_with_its_place_and_a_warning_with_the_check_s_name(judge):
    lines = judge(tables={"price_gaps": [GAP], "run_checks": [WARNED]}).oddities.lines
    assert lines == ("gap of 2 hours: bitcoin, Tue 12 May, 03:00", "a check warned: “no gap is open”")
