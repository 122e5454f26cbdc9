"""One coin's failure costs no other: what is good is published, what is not is told, asked for again, and heals."""

import math
from dataclasses import dataclass, replace

import pytest

from tests.e2e import published, truth
from tests.e2e.command_line import STEPS, Result
from tests.e2e.live_api import Api, live, spoilt, truly
from tests.support.faulty_server import FaultAnswer
from tests.support.swept import swept

pytestmark = pytest.mark.long

GOOD = ["bitcoin", "litecoin"]
UNKNOWN, EMPTY, NO_NUMBER, STALE = "no-such-coin", "ethereum", "solana", "dogecoin"
SICK = [UNKNOWN, EMPTY, NO_NUMBER, STALE]
KNOWN = SICK[1:]
"""What is requested again: the first mistake has brought CoinGecko's list of coins, and it lacks the other one."""
COINS = [UNKNOWN, "bitcoin", EMPTY, NO_NUMBER, STALE, "litecoin"]
EXTRACTION = 20


def set_price_to_nan(prices):
    prices[70][1] = math.nan


def end_a_day_ago(prices):
    del prices[-24:]


FAULTS = {
    UNKNOWN: FaultAnswer(status=404, body=b'{"error": "coin not found"}'),
    EMPTY: FaultAnswer(body=b'{"prices": [], "market_caps": [], "total_volumes": []}'),
    NO_NUMBER: FaultAnswer(body=spoilt(set_price_to_nan, NO_NUMBER)),
    STALE: FaultAnswer(body=spoilt(end_a_day_ago, STALE)),
}


@dataclass(frozen=True)
class Chapter:
    """A run, what it asked for, and which coins' candles of the day, charts and wrong candles readers found."""

    result: Result
    asked: list[str]
    coins: list[str]
    charts: list[str]
    wrong: list[str]


def with_coins(*coins):
    return f"--pipeline-coins={','.join(coins)}"


def the_story(folder):
    """Runs one after the other on the same data, while the coins heal one by one."""
    story = {}
    sick = dict(FAULTS)
    with Api(truly, of_coin=lambda asked: sick.get(asked.coin_id)) as api:
        pipeline = live(folder / "data", api, with_coins(*COINS))
        database = folder / "data/live/crypto_data.duckdb"

        def chapter(name, *arguments, pipeline=pipeline):
            begun = len(api.asked)
            result = pipeline.run(*(arguments or ["Visualize"]))
            candles = published.candles(database)
            coins = sorted({row["coin_id"] for row in candles if row["status"] == "open"})
            charts = [path.name.partition("_")[0] for path in database.parent.glob("charts/*.png")]
            asked = [each.coin_id for each in api.asked[begun:]]
            story[name] = Chapter(result, asked, coins, sorted(charts), truth.wrong_candles(candles))

        chapter("four are sick")
        chapter("nothing has changed")
        del sick[EMPTY]
        chapter("one has healed")
        del sick[NO_NUMBER]
        chapter("one is fetched alone", "ExtractCoin", f"--coin-id={NO_NUMBER}", "--date=2026-05-15")
        sick.clear()
        grown = replace(pipeline, options=[*pipeline.options[:-1], with_coins(*COINS[1:], "cardano")])
        chapter("all have healed, one is added and one is given up", "Publish", pipeline=grown)
        chapter("nothing is left to be done", "Publish", pipeline=grown)
    return story


@pytest.fixture(scope="module", autouse=True)
def telling(begin_ahead, tmp_path_factory):
    return begin_ahead("story", the_story, tmp_path_factory.mktemp("coins"))


@pytest.fixture
def story(telling):
    return telling.result()


def test_good_coins_are_published_and_drawn_whatever_the_others_do(story):
    chapter = story["four are sick"]
    assert set(GOOD) <= set(chapter.coins) & set(chapter.charts), chapter.result.stderr
    assert chapter.result.done == STEPS


def test_no_coin_has_a_wrong_candle_whatever_was_refused_of_it(story):
    assert {name: chapter.wrong for name, chapter in story.items() if chapter.wrong} == {}


def test_each_sick_coin_has_one_line_that_names_it_and_the_run_its_code(story):
    result = story["four are sick"].result
    assert result.exit_code == EXTRACTION, result.stderr  # of several codes the smallest
    assert [sum(f"{coin}" in line for line in result.errors) for coin in SICK] == [1, 1, 1, 1], result.stderr
    assert len(result.errors) == 4, result.stderr
    assert "Traceback" not in result.stderr


def test_each_coin_is_asked_for_once(story):
    assert sorted(story["four are sick"].asked) == sorted(COINS)


def test_a_run_after_it_asks_for_the_sick_coins_alone_and_redoes_no_step(story):
    chapter = story["nothing has changed"]
    assert sorted(chapter.asked) == sorted(KNOWN)
    assert chapter.result.done == STEPS[:2], chapter.result.stderr
    assert (chapter.result.exit_code, len(chapter.result.errors)) == (story["four are sick"].result.exit_code, 4)


def test_a_coin_that_has_healed_is_published(story):
    chapter = story["one has healed"]
    assert sorted(chapter.asked) == sorted(KNOWN)
    assert {*GOOD, EMPTY} <= set(chapter.coins) & set(chapter.charts), chapter.result.stderr
    assert len(chapter.result.errors) == 3, chapter.result.stderr


def test_a_coin_is_fetched_alone(story):
    chapter = story["one is fetched alone"]
    assert (chapter.result.exit_code, chapter.asked) == (0, [NO_NUMBER]), chapter.result.stderr


def test_what_is_there_is_not_asked_for_when_coins_heal_or_are_added(story):
    chapter = story["all have healed, one is added and one is given up"]
    assert sorted(chapter.asked) == sorted([STALE, "cardano"])
    assert chapter.result.exit_code == 0, chapter.result.stderr
    assert chapter.coins == sorted([*COINS[1:], "cardano"])


def test_when_all_have_healed_there_is_nothing_to_be_done(story):
    chapter = story["nothing is left to be done"]
    assert (chapter.result.exit_code, chapter.asked, chapter.result.done) == (0, [], [])


# --- Two currencies


def two_currencies(folder):
    """Two coins in two currencies: all refused, then one pair of the four as of the same instant, then none."""

    def refuse(asked):
        is_refused = not is_up or (asked[:2] == ("ethereum", "eur") and not healed)
        return FaultAnswer(status=404, body=b'{"error": "coin not found"}') if is_refused else None

    is_up, healed = [], []
    with Api(truly, of_coin=refuse) as api:
        pipeline = live(folder / "data", api, with_coins("bitcoin", "ethereum"), "--pipeline-vs-currency=usd,eur")
        assert pipeline.run("ExtractAndLoad").exit_code == EXTRACTION
        is_up.append(True)
        first = pipeline.run("Publish")
        pairs = "select distinct coin_id, vs_currency from main.daily_candlestick"
        found = published.rows(folder / "data/live/crypto_data.duckdb", pairs)
        healed.append(True)
        begun = len(api.asked)
        return first, found, pipeline.run("VerifyData"), [each[:2] for each in api.asked[begun:]]


@pytest.fixture(scope="module", autouse=True)
def converting(begin_ahead, tmp_path_factory):
    return begin_ahead("in_two_currencies", two_currencies, tmp_path_factory.mktemp("currencies"))


@pytest.fixture
def in_two_currencies(converting):
    return converting.result()


def test_a_coin_that_is_refused_in_one_currency_is_published_in_the_other(in_two_currencies):
    first, found, _, _ = in_two_currencies
    pairs = {(row["coin_id"], row["vs_currency"]) for row in found}
    assert pairs == {("bitcoin", "usd"), ("bitcoin", "eur"), ("ethereum", "usd")}
    assert (first.exit_code, len(first.errors)) == (EXTRACTION, 1), first.stderr


def test_a_pair_that_has_healed_is_fetched_alone(in_two_currencies):
    _, _, second, asked = in_two_currencies
    assert (second.exit_code, asked) == (0, [("ethereum", "eur")]), second.stderr


# --- What stops all


@dataclass(frozen=True, eq=False)
class Stop:
    """A fault that meets each coin, and how many requests for prices it takes to know."""

    name: str
    fault: FaultAnswer
    most_requests: int

    def __str__(self) -> str:
        return self.name


TWELVE = [*GOOD, *SICK[1:], "cardano", "polkadot", "tron", "stellar", "monero", "aave", "uniswap"]
WRONG_KEY = b'{"status": {"error_code": 10002, "error_message": "no"}}'
STOPS = [Stop("wrong key", FaultAnswer(status=401, body=WRONG_KEY), 2)]
MORE_STOPS = [
    # Two coins are under way at a time, each with one retry
    Stop("no answer", FaultAnswer(is_reset=True), 4),
    Stop("server error", FaultAnswer(status=503, body=b"upstream"), 5),
    Stop("rate limit", FaultAnswer(status=429, body=b"error code: 1015"), 4),
]


@pytest.fixture(scope="module", autouse=True)
def stopped(run_ahead, tmp_path_factory):
    def run(case):
        with Api(truly, of_coin=lambda asked: case.fault) as api:
            pipeline = live(tmp_path_factory.mktemp("stop") / "data", api, with_coins(*TWELVE))
            return pipeline.run("ExtractAndLoad"), len(api.asked), len(api.extras_asked) + len(api.opinions_asked)

    return run_ahead(run, [*STOPS, *MORE_STOPS])


@pytest.mark.parametrize("case", [*STOPS, *swept(MORE_STOPS)], ids=str)
def test_what_no_coin_can_be_had_with_ends_the_asking(case, stopped):
    result, prices, others = stopped[case].result()
    assert (result.exit_code, len(result.errors)) == (EXTRACTION, 1), result.stderr
    assert prices <= case.most_requests
    assert others == 0
