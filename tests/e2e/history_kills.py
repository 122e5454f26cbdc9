"""Runs that are killed again and again while they ask: what was asked for, and what readers find at the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import published
from tests.e2e.command_line import Result, Running
from tests.e2e.live_api import Api, Asked, live, truly
from tests.e2e.published import Row
from tests.support.patience import ORPHANED

UNDER_WAY = 2
"""The connector asks for two things at a time."""


COINS = (
    *("bitcoin", "ethereum", "litecoin", "cardano", "polkadot", "tron", "stellar", "monero", "aave", "uniswap"),
    *("solana", "dogecoin", "near", "aptos", "sui", "cosmos", "algorand", "tezos", "neo", "flow"),
)
"""Coins of the synthetic market that have prices of the whole year."""


@dataclass(frozen=True, eq=False)
class Siege:
    """A step for many coins, and after how many more answers each of the kills comes."""

    arguments: tuple[str, ...]
    coins: Sequence[str]
    answers_to_kills: Sequence[int]
    delay: float = 0.02


@dataclass(frozen=True)
class Outcome:
    """The last run, the requests of all runs, how many kills met a run at work, and the published candles."""

    last: Result
    asked: list[Asked]
    kills: int
    candles: list[Row]
    leftovers: list[str]

    @property
    def asked_again(self) -> int:
        """How many requests there were beyond one for each answer that was wanted."""
        return sum(number - 1 for number in Counter(self.asked).values())


def besiege(folder: Path, siege: Siege, lot: random.Random) -> Outcome:
    """Kill runs, each at a random moment after so many more answers; and let the last one end."""
    with Api(truly, of_coin=lambda asked: time.sleep(siege.delay)) as api:
        options = (f"--pipeline-coins={','.join(siege.coins)}", "--pipeline-second-opinion=false")
        pipeline = live(folder / "data", api, *options)
        kills = 0
        for answers in siege.answers_to_kills:
            wanted = len(api.asked) + answers
            with pipeline.started(*siege.arguments) as running:
                while len(api.asked) < wanted and running.process.poll() is None:
                    time.sleep(0.002)
                time.sleep(lot.uniform(0, 3 * siege.delay))
                kills += running.process.poll() is None
                if lot.random() < 0.5:
                    running.kill_group()
                else:
                    running.kill()
                    wait_for_orphans(running)
        last = pipeline.run(*siege.arguments)
    candles = published.candles(folder / "data/live/crypto_data.duckdb")
    return Outcome(last, list(api.asked), kills, candles, published.leftovers(folder / "data"))


def wait_for_orphans(running: Running) -> None:
    """Children notice by themselves that their parent is gone."""
    running.process.wait()
    give_up_at = time.monotonic() + ORPHANED
    while running.processes():
        assert time.monotonic() < give_up_at, "a child has outlived its parent"
        time.sleep(0.01)
