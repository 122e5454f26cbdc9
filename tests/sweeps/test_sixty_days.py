"""Sixty days with late data, revisions, silent hours and days without a run, against plain Python after each run.

A shorter stretch has less of each, and never none: each test says what it needs to have seen.
"""

import itertools
import math
from datetime import date, datetime, timedelta, timezone

import pytest

from tests.e2e.published import rows
from tests.sweeps.known import first_asked
from tests.sweeps.market import FINE, HOURLY, STEPS, Market, midnight, milliseconds
from tests.sweeps.sixty_days import DAYS, day_of, simulated

PRICES = ("open", "high", "low", "close", "volume_24h", "market_cap")
FIELDS = (*PRICES, "points", "coverage", "granularity", "status", "doubts")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """What readers found after each run, and the truth. Not to be changed."""
    return simulated(tmp_path_factory.mktemp("sixty") / "data")


def is_same(published, true):
    """Products and quotients may differ in the last digit; all else is exact."""
    return published == true if isinstance(true, (str, list)) else math.isclose(published, true, rel_tol=1e-15)


def test_after_each_run_each_candle_and_its_certificate_are_as_plain_python_has_them(history):
    _, versions, _ = history
    wrong = [
        (now, row["date"], name, row[name], true[row["date"]][name])
        for now, published, true in versions
        for row in published
        for name in FIELDS
        if not is_same(row[name], true[row["date"]][name])
    ]
    missing = [
        (now, day) for now, published, true in versions for day in set(true) - {row["date"] for row in published}
    ]
    assert (wrong, missing) == ([], [])
    kinds = {(row["granularity"], row["status"]) for _, published, _ in versions for row in published}
    assert kinds >= {(HOURLY, "provisional"), (HOURLY, "final"), (FINE, "open"), (FINE, "final")}


def test_the_ledger_has_each_change_of_a_candle_that_was_over_and_no_other(history):
    database, versions, _ = history
    changes = set()
    for (_, before, _), (now, after, _) in itertools.pairwise(versions):
        later = {row["date"]: row for row in after}
        changes |= {
            (row["date"], name, now.replace(tzinfo=None), str(later[row["date"]][name]))
            for row in before
            if row["status"] != "open"
            for name in FIELDS
            if later[row["date"]][name] != row[name]
        }
    true_changes = {
        (day, name, now.replace(tzinfo=None))
        for (_, _, before), (now, _, after) in itertools.pairwise(versions)
        for day, candle in before.items()
        if candle["status"] != "open"
        for name in FIELDS
        if after[day][name] != candle[name]
    }
    kept = rows(database, "from candle_revisions where subject = 'candle'")
    assert {(each["date"], each["field"], each["revised_at"]) for each in kept} == {change[:3] for change in changes}
    assert {change[:3] for change in changes} == true_changes
    assert len(kept) == len(changes) == len(true_changes) > 15
    texts = {(each["date"], each["field"], each["revised_at"], each["new_value"]) for each in kept}
    assert {text for text in texts if text[1] in {"status", "points"}} == {
        change for change in changes if change[1] in {"status", "points"}
    }
    assert {"points_revised", "points_added"} <= {each["reason"] for each in kept}
    assert {"points", "coverage", "status", "low"} <= {each["field"] for each in kept}


def test_the_ledger_has_each_revised_point(history):
    database, _, truth = history
    query = "from candle_revisions where subject = 'point' and field = 'price'"
    kept = {
        (
            each["granularity"],
            milliseconds(each["observed_at"].replace(tzinfo=timezone.utc)),
            float(each["old_value"]),
            float(each["new_value"]),
        )
        for each in rows(database, query)
    }
    for series in (truth.hourly, truth.fine):
        assert {point[1:] for point in kept if point[0] == series.granularity} == series.revisions
        assert len(series.revisions) > 10


def test_the_second_opinion_on_each_day_is_as_plain_python_has_it(history):
    """It is asked for longer than the prices are, so it may know a revision that came after a pause of the runs."""
    database, versions, truth = history
    newest = {candle[0]: candle for now, _, _ in versions for candle in Market().ohlc("bitcoin", "usd", 14, now)}
    by_day: dict[date, list[list[float]]] = {}
    for close in sorted(newest):
        day = datetime.fromtimestamp((close - 1) / 1000, tz=timezone.utc).date()
        by_day.setdefault(day, []).append(newest[close])
    candles = {row["date"]: row for row in rows(database, "from daily_candlestick")}
    opinions = rows(database, "from second_opinions")
    assert [each["date"] for each in opinions] == sorted(day for day, row in candles.items() if row["status"] != "open")
    for each in opinions:
        of_day = by_day[each["date"]]
        true = {"open": of_day[0][1], "high": max(candle[2] for candle in of_day)}
        true |= {"low": min(candle[3] for candle in of_day), "close": of_day[-1][4]}
        assert {name: each[f"ohlc_{name}"] for name in true} == true
        assert each["ohlc_candles"] == len(of_day)
        if each["verdict"] in {"agrees", "differs"}:
            hourly = truth.candle(truth.hourly, each["date"])
            bps = {name: 10_000 * (hourly[name] / true[name] - 1) for name in true}
            assert {name: each[f"{name}_bps"] for name in true} == pytest.approx(bps, abs=1e-9)
            assert (each["verdict"] == "differs") == (max(map(abs, bps.values())) > 1)
    assert {each["verdict"] for each in opinions} <= {"agrees", "differs", "incomplete"}
    assert len(opinions) > 20
    agreeing = [each["largest_bps"] for each in opinions if each["verdict"] == "agrees"]
    assert sum(bps < 1e-9 for bps in agreeing) > 0.8 * len(opinions)


def test_each_candle_names_as_many_points_of_raw_answers_as_it_has(history):
    database, _, _ = history
    query = (
        "select candle.date from daily_candlestick as candle"
        " where candle.points + is_closed_by_live_point::int"
        " is distinct from (select sum(points) from candle_sources as source where source.date = candle.date)"
    )
    assert rows(database, query) == []


def holes_of(granularity, day, runs):
    """The slots of a day without a settled point when a run made one due: start, cause and state.

    A run makes a slot due 35 minutes after its end, whether it asks for it or not; if it has asked for any of the day.
    """
    step = timedelta(milliseconds=STEPS[granularity])
    touching = [now for now in runs if first_asked(granularity, now).date() <= day <= now.date()]
    for number in range(timedelta(days=1) // step):
        slot = midnight(day) + number * step
        due = [now for now in runs if now >= max(slot + step + timedelta(minutes=35), touching[0])]
        asked = [now for now in due if first_asked(granularity, now) <= slot]
        seen = [now for now in runs if first_asked(granularity, now) <= slot <= now]
        seen = [now for now in seen if Market().served(granularity, slot, now)]
        if slot + step > runs[-1] or (seen and (not due or seen[0] <= due[0])):
            continue
        if not due:
            yield slot, "not_settled", "explained"
        elif asked and not (seen and seen[0] <= asked[0]):
            yield slot, "coingecko_silent", "closed" if seen else "open"
        else:
            yield slot, "not_run", "closed" if seen else "open"


def test_the_gap_ledger_has_each_hole_with_its_cause_and_no_other(history):
    """Of the 5-minute series one empty slot alone is none."""
    database, versions, truth = history
    runs = [now for now, *_ in versions]
    expected, fine = set(), set()
    for day in map(day_of, range(DAYS.start - 7, DAYS.stop)):
        if day not in truth.hourly.asked:
            expected.add(("day", midnight(day), "not_run", "open"))
        elif truth.chosen(day) is truth.hourly:
            expected |= {(HOURLY, *hole) for hole in holes_of(HOURLY, day, runs)}
        else:
            fine |= {(FINE, *hole) for hole in holes_of(FINE, day, runs)}
    starts, step = {start for _, start, *_ in fine}, timedelta(minutes=5)
    expected |= {hole for hole in fine if {hole[1] - step, hole[1] + step} & starts}
    found = set()
    for gap in rows(database, "from price_gaps"):
        step = timedelta(days=1) if gap["granularity"] == "day" else timedelta(milliseconds=STEPS[gap["granularity"]])
        for number in range(gap["slots"]):
            start = gap["gap_from"].replace(tzinfo=timezone.utc) + number * step
            found.add((gap["granularity"], start, gap["cause"], gap["state"]))
    assert found == expected
    for granularity in (HOURLY, FINE):
        assert {cause for of, _, cause, _ in found if of == granularity} >= {"coingecko_silent"}
        assert {state for of, *_, state in found if of == granularity} == {"open", "closed"}
    assert {granularity for granularity, _, cause, _ in found if cause == "not_run"} == {"day", HOURLY, FINE}
