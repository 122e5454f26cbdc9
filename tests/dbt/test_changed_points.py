"""An answer that alone changes what all before it said, and what the answers of the next days make of its days."""

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest

from tests.support.built_world import BuiltWorld

pytestmark = [
    pytest.mark.long,
    pytest.mark.sweep,
    pytest.mark.turn("stories of bad answers", "what one answer alone changes"),
]

GOOD_BEFORE = datetime(2026, 5, 10, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
CHANGED, NEXT, THIRD = (GOOD_BEFORE + number * DAY for number in (1, 2, 3))
MINUTE = 60_000


def dearer(chart):
    """All prices by 0.4 %."""
    for point in chart["prices"]:
        point[1] *= 1.004


def older_half_dearer(chart):
    for point in chart["prices"][: len(chart["prices"]) // 2]:
        point[1] *= 1.004


def shifted(milliseconds):
    """All stamps but the live point's are later or earlier; what leaves the window at either end is not there."""

    def change(chart):
        for name, points in chart.items():
            chart[name] = [[stamp + milliseconds, value] for stamp, value in points[1:-2]] + points[-1:]

    return change


def one_point_elsewhere(chart):
    """A point in the middle has another stamp in its hour."""
    for points in chart.values():
        points[30][0] += 7 * MINUTE


def right(chart):
    """As the market has it."""


CASES = {
    "bitcoin": (dearer, ("mass_revision",)),
    "solana": (older_half_dearer, ("mass_revision",)),
    "ripple": (shifted(7 * MINUTE), ("withdrawn_points",)),
    "cardano": (shifted(-60 * MINUTE), ("moved_window", "withdrawn_points")),
}
A_FEW = {"tether": one_point_elsewhere, "monero": right}
COINS = (*CASES, *A_FEW)


class Story(NamedTuple):
    """The tables after each run, what each has decided, and what is right to decide once others contradict."""

    tables: list[dict[str, list[Any]]]
    decided: list[set[tuple[str, str]]]
    bad: set[tuple[str, str]]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A good run, a bad one, and two good ones; the last is built once more from all answers."""
    world = BuiltWorld(tmp_path_factory.mktemp("changed") / "data", THIRD, run="a run")
    story = Story([], [], set())
    for now in (GOOD_BEFORE, CHANGED, NEXT, THIRD):
        for coin in COINS:
            change = (CASES[coin][0] if coin in CASES else A_FEW[coin]) if now == CHANGED else right
            entry = world.keep(now, 5, change, coin)
            if now == CHANGED and coin in CASES:
                story.bad.add(("quarantined", entry.file))
        story.decided.append(set(world.build(now)))
        story.tables.append(tables(world))
    world.workspace.work.unlink()
    world.build(THIRD)
    story.tables.append(tables(world))
    return story


def tables(world):
    candles, revisions = (
        world.query(f"from {name} order by all") for name in ("daily_candlestick", "candle_revisions")
    )
    return {"candles": candles, "revisions": [row for row in revisions if row[3] == "point"]}


def certificates(tables, coin):
    """Status and doubts of the days that are over; an edge that the market lacks is none."""
    found = {}
    for row in tables["candles"]:
        doubts = tuple(doubt for doubt in row[19] if doubt != "edge")
        if row[0] == coin and row[15] != "open":
            found[row[2]] = ("final" if row[19] == ["edge"] else row[15], doubts)
    return found


def prices(tables, coin):
    return {row[2]: row[3:7] for row in tables["candles"] if row[0] == coin and row[15] != "open"}


@pytest.mark.parametrize("coin", CASES)
def test_what_one_answer_alone_changes_is_doubted_and_the_next_good_answer_heals_it(coin, story):
    before, changed, *after, _ = (certificates(tables, coin) for tables in story.tables)
    assert {status for status, _ in before.values()} == {"final"}
    assert CASES[coin][1] in {doubts for _, doubts in changed.values()}
    true = prices(story.tables[3], coin)
    found = prices(story.tables[1], coin)
    assert [day for day in found if changed[day][0] == "final" and found[day] != true[day]] == []
    assert [set(days.values()) for days in after] == [{("final", ())}] * 2


def test_the_next_good_answer_quarantines_what_it_and_the_answer_before_contradict(story):
    assert story.decided == [set(), set(), story.bad, set()]


@pytest.mark.parametrize("coin", A_FEW)
def test_a_few_changes_are_how_coingecko_works(coin, story):
    assert {status for tables in story.tables for status, _ in certificates(tables, coin).values()} == {"final"}
    reasons = {row[9] for row in story.tables[2]["revisions"] if row[0] == coin}
    assert reasons == ({"coingecko_withdrew"} if coin == "tether" else set())


def test_a_build_of_all_answers_at_once_comes_to_the_same(story):
    assert story.tables[-1]["candles"] == story.tables[-2]["candles"]
