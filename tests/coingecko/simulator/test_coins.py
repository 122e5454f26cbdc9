"""The table of coins: enough of them, none implausible, those with a purpose there, the first dozen unchanged."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.coins import COINS

NOON = datetime(2024, 4, 8, 12, tzinfo=timezone.utc)

FIRST_DOZEN = [
    ("bitcoin", 1712577859663, 54084.34748956735, 26472507115.28116),
    ("ethereum", 1712577725237, 3126.8914680118696, 11679774993.675333),
    ("solana", 1712577668641, 153.43287818768624, 3229688143.89122),
    ("ripple", 1712577612249, 0.6899058810516465, 989631002.9437383),
    ("dogecoin", 1712577955559, 0.11832568743889582, 705624811.7795581),
    ("cardano", 1712577911381, 0.26856725001139287, 311104916.6057382),
    ("litecoin", 1712577826169, 83.55034834164137, 352051607.6307965),
    ("polkadot", 1712577870519, 8.449750292375146, 318236756.7892309),
    ("chainlink", 1712577690749, 17.900788555198446, 261225105.84730747),
    ("monero", 1712577996301, 118.00552243725407, 69891284.58734693),
    ("tether", 1712577714165, 1.0009457496683691, 51781306664.1537),
    ("kishu-inu", 1712577679489, 8.169158504295138e-09, 2649517.452751409),
]
"""First point after noon of 2024-04-08: pictures and tests were made with these, so they stay."""


@pytest.mark.parametrize(("coin_id", "stamp", "price", "volume"), FIRST_DOZEN)
def test_the_first_dozen_keep_their_stamps_prices_and_volumes(coin_id, stamp, price, volume):
    point = synthetic.settled_points(coin_id, "usd", "hourly", NOON, NOON + timedelta(hours=2))[0]
    assert point.stamp == stamp
    assert (point.price, point.total_volume) == pytest.approx((price, volume), rel=1e-12)  # exp() differs by machine


def test_there_are_enough_coins_for_a_run_of_a_hundred():
    assert len(COINS) >= 120
    assert list(COINS)[:12] == [coin_id for coin_id, *_ in FIRST_DOZEN]


@pytest.mark.parametrize("coin_id", COINS)
def test_a_coin_is_plausible(coin_id):
    coin = COINS[coin_id]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", coin_id)
    assert re.fullmatch(r"[a-z0-9]+", coin.symbol)
    assert coin.name.strip() == coin.name != ""
    assert 1e6 < coin.usd * coin.supply < 2e12
    assert 0.001 < coin.volume_usd / (coin.usd * coin.supply) < 0.5
    assert 0.01 <= coin.volatility <= 3


def test_prices_go_from_a_billionth_to_a_hundred_thousand():
    prices = [coin.usd for coin in COINS.values()]
    assert 1e-9 <= min(prices) < 2e-9
    assert 9e4 < max(prices) < 1.1e5


def test_some_symbols_are_of_several_coins_and_one_is_another_coin_s_id():
    counts = Counter(coin.symbol for coin in COINS.values())
    assert {symbol for symbol, count in counts.items() if count > 1} == {"ton", "sol", "usdt", "beam", "neiro"}
    assert COINS["harrypotterobamasonic10in"].symbol == "bitcoin"


def test_one_coin_is_listed_late():
    late = {coin_id: coin.listed_at for coin_id, coin in COINS.items() if coin.listed_at.year > 1970}
    assert late == {"sample-newcomer": datetime(2026, 3, 1, tzinfo=timezone.utc)}


def test_the_list_of_coins_is_in_order_of_their_ids():
    coins = synthetic.coins_list()
    assert [coin["id"] for coin in coins] == sorted(COINS)
    assert {"id": "avalanche-2", "symbol": "avax", "name": "Avalanche"} in coins


def test_every_coin_is_known_in_every_currency_of_the_list():
    assert all(
        synthetic.knows_currency(coin_id, each) for coin_id in COINS for each in synthetic.supported_vs_currencies()
    )
