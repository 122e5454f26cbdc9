"""A bad answer harms its own coin alone, on that day, on the next and on the third: real runs over real HTTP.

One coin has an impossible price, two have each other's answers, and one has the answer of a coin that is right.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e import published, truth
from tests.e2e.command_line import Result
from tests.e2e.live_api import INSTANT, Api, Asked, live
from tests.support import commands
from tests.support.faulty_server import FaultAnswer

pytestmark = pytest.mark.long

GOOD, SPIKE, SWAPPED, TWIN = "bitcoin", "solana", ("ethereum", "litecoin"), "cardano"
SICK = [SPIKE, *SWAPPED, TWIN]
COINS = [GOOD, *SICK]
VERIFICATION = 30
IS_ITS_OWN = {**dict.fromkeys(COINS), SWAPPED[0]: SWAPPED[1], SWAPPED[1]: SWAPPED[0], TWIN: GOOD}


@dataclass(frozen=True)
class Day:
    """A run, and what readers had after it."""

    result: Result
    asked: list[str]
    candles: list[published.Row]

    def newest(self, coin: str) -> str:
        """The newest day of a coin."""
        return max(str(row["date"]) for row in self.candles if row["coin_id"] == coin)


def bad_answer(asked, now):
    """What the API says of a sick coin at that instant."""
    start = datetime.fromtimestamp(asked.start, now.tzinfo)
    chart = synthetic.market_chart(IS_ITS_OWN[asked.coin_id] or asked.coin_id, "usd", start, now, now)
    if asked.coin_id == SPIKE:
        stamp, price = chart["prices"][50]
        chart["prices"][50] = [stamp, 2000 * float(price or 0)]
    return FaultAnswer(body=json.dumps(chart).encode())


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Four days: good answers, bad ones twice, and good ones again."""
    folder = tmp_path_factory.mktemp("bad answers")
    days: dict[str, Day] = {}
    bad_at: list[datetime] = []  # the instant for which the answers are bad; empty: they are good

    def answer(asked: Asked) -> FaultAnswer | None:
        return bad_answer(asked, bad_at[0]) if bad_at and asked.coin_id in SICK else None

    with Api(lambda number: None, of_coin=answer) as api:
        pipeline = live(
            folder / "data", api, "--pipeline-five-minute-points=false", f"--pipeline-coins={','.join(COINS)}"
        )

        def day(name, after, *, is_bad=False):
            now = INSTANT + after
            api.travel_to(now)
            bad_at[:] = [now] if is_bad else []
            begun = len(api.asked)
            result = pipeline.run("Publish", now=now.isoformat())
            asked = [each.coin_id for each in api.asked[begun:]]
            days[name] = Day(result, asked, published.candles(folder / "data/live/crypto_data.duckdb"))

        day("good", timedelta())
        day("bad", timedelta(days=1), is_bad=True)
        day("bad again", timedelta(days=1, minutes=20), is_bad=True)
        day("healed", timedelta(days=2))
        day("the third", timedelta(days=3))
        given = ("--pipeline-source", "live", "--pipeline-data-dir", str(pipeline.data_dir), *pipeline.options)
        tools = {
            name: commands.run("btc-pipeline", [name, *arguments, *given, "--pipeline-now", "2026-05-18T13:30:00Z"])
            for name, *arguments in (["replay"], ["answers"], ["why", SPIKE, "2026-05-14"])
        }
    return days, tools


def test_no_final_candle_is_wrong_on_any_day(story):
    assert {name: truth.wrong_candles(day.candles) for name, day in story[0].items()} == {name: [] for name in story[0]}


def test_the_good_coin_is_published_each_day(story):
    newest = {name: day.newest(GOOD) for name, day in story[0].items()}
    assert list(newest.values()) == ["2026-05-15", "2026-05-16", "2026-05-16", "2026-05-17", "2026-05-18"]


@pytest.mark.parametrize("name", ["bad", "bad again"])
def test_each_bad_coin_is_held_back_and_named_and_keeps_the_candles_of_before(story, name):
    result = story[0][name].result
    assert result.exit_code == VERIFICATION, result.stderr
    assert [sum(f"answer of {coin}/usd" in line for line in result.errors) for coin in SICK] == [1] * len(SICK)
    assert len(result.errors) == len(SICK), result.stderr
    assert all("quarantined" in line and "Next: " in line for line in result.errors), result.stderr
    assert {story[0][name].newest(coin) for coin in SICK} == {"2026-05-15"}
    assert "Traceback" not in result.stderr


def test_a_held_back_coin_alone_is_requested_again(story):
    assert sorted(story[0]["bad again"].asked) == sorted(SICK)


@pytest.mark.parametrize(("name", "day"), [("healed", "2026-05-17"), ("the third", "2026-05-18")])
def test_good_answers_heal_all_coins(story, name, day):
    found = story[0][name]
    assert found.result.exit_code == 0, found.result.stderr
    assert {found.newest(coin) for coin in COINS} == {day}
    days = {str(row["date"]) for row in found.candles if row["coin_id"] == SPIKE and truth.is_final(row)}
    assert len(days) == int(day[-2:]) - 8, days  # all since 8 May but the open one


def test_a_replay_is_identical_and_the_ledger_says_what_happened(story):
    replayed, listed, why = (story[1][name] for name in ("replay", "answers", "why"))
    assert (replayed.returncode, replayed.stdout.startswith("identical")) == (0, True), replayed
    assert listed.stdout.count("quarantined by a check") == 2 * len(SICK), listed
    assert "fail assert_no_price_jumps_by_a_factor_of_1000" in listed.stdout
    assert "fail assert_no_coin_has_the_prices_of_another" in listed.stdout
    assert "quarantined by a check" in why.stdout, why
