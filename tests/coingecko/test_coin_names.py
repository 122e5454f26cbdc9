"""An id that CoinGecko does not know is explained: a symbol, a slip of the keyboard, or a coin without prices."""

import json
import os
import time

import pytest

from btc_pipeline.coingecko import coin_names, error_advice
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.market.pair import Pair

COINS = [
    {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"},
    {"id": "bitcoin-cash", "symbol": "bch", "name": "Bitcoin Cash"},
    {"id": "osmosis-allbtc", "symbol": "btc", "name": "Osmosis allBTC"},
    {"id": "ethereum", "symbol": "eth", "name": "Ethereum"},
    {"id": "bridged-wrapped-ether", "symbol": "eth", "name": "Bridged Wrapped Ether"},
    {"id": "litecoin", "symbol": "ltc", "name": "Litecoin"},
]
CURRENCIES = ["usd", "eur", "gbp", "btc"]


@pytest.fixture
def lists(tmp_path):
    coin_names.keep(tmp_path, {"coins_list": json.dumps(COINS), "supported_vs_currencies": json.dumps(CURRENCIES)})
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("btc", "btc is a symbol, not an id: bitcoin (Bitcoin), osmosis-allbtc (Osmosis allBTC)"),
        ("eth", "eth is a symbol, not an id: ethereum (Ethereum), bridged-wrapped-ether (Bridged Wrapped Ether)"),
        ("bitcon", "nearest ids: bitcoin, litecoin"),
        ("etherium", "nearest ids: ethereum"),
        ("bitcoincash", "nearest ids: bitcoin-cash, bitcoin"),
        ("litecoin", "litecoin is in CoinGecko's list of coins, but CoinGecko has no prices of it"),
        ("zzzzzz", ""),
    ],
)
def test_what_may_have_been_meant_by_a_coin_is_said(typed, said, lists):
    assert coin_names.of_coin(lists, typed) == said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ues", "ues is not one of CoinGecko's 4 currencies; nearest: usd, eur"),
        ("euro", "euro is not one of CoinGecko's 4 currencies; nearest: eur"),
        ("usd", ""),
    ],
)
def test_what_may_have_been_meant_by_a_currency_is_said(typed, said, lists):
    assert coin_names.of_currency(lists, typed).startswith(said)


def test_without_lists_nothing_is_said(tmp_path):
    assert (coin_names.of_coin(tmp_path, "btc"), coin_names.of_currency(tmp_path, "euro")) == ("", "")


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"no": "id"}]', b"\xff", b"[" * 100_000], ids=ascii)
def test_damaged_lists_say_nothing(body, lists):
    (lists / "coins_list.json").write_bytes(body[:1000])
    assert coin_names.of_coin(lists, "btc") == ""


def test_a_name_cannot_write_to_the_terminal(lists):
    coin_names.keep(lists, {"coins_list": json.dumps([{"id": "evil", "symbol": "btc", "name": "\x1b[31mRed\n"}])})
    assert coin_names.of_coin(lists, "btc") == "btc is a symbol, not an id: evil ([31mRed)"


def test_lists_are_kept_for_a_week(lists):
    assert coin_names.stale(lists) == []
    week_ago = time.time() - 7 * 86_400
    os.utime(lists / "coins_list.json", (week_ago, week_ago))
    assert coin_names.stale(lists) == ["coins_list"]


def test_lists_that_are_not_there_are_wanted(tmp_path):
    assert coin_names.stale(tmp_path) == ["coins_list", "supported_vs_currencies"]


def test_the_nearest_of_17_000_ids_are_found_at_once(tmp_path):
    many = [{"id": f"coin-{number}", "symbol": f"c{number}", "name": f"Coin {number}"} for number in range(17_000)]
    coin_names.keep(tmp_path, {"coins_list": json.dumps([*many, *COINS])})
    assert coin_names.of_coin(tmp_path, "bitcon").startswith("nearest ids: bitcoin")


def test_the_sample_s_list_explains_its_symbols(tmp_path):
    coin_names.keep(tmp_path, {"coins_list": json.dumps(synthetic.coins_list())})
    assert coin_names.of_coin(tmp_path, "sol").startswith("sol is a symbol, not an id: solana (Solana), wrapped-solana")


# --- Refusals in our words


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("HTTP 400, code 10010: If you are using Pro API key, please change", "plan = pro"),
        ("HTTP 400, code 10011: If you are using Demo API key, please change", "plan = demo"),
        ("HTTP 401, code 10002: API Key Missing", "api_key_file"),
        ("HTTP 401, code 10005: This request is limited to PRO", "higher plan"),
        ("HTTP 429, code 10006: credits", "credits are spent"),
        ("HTTP 401, code 10012: Your request exceeds the allowed time range", "365 days"),
        ("HTTP 401, no", "the key"),
        ("HTTP 429, error code: 1015", "higher limit"),
        ("the 10000 calls of 2026-05 are spent", "calls_a_month"),
        ("no answer: ConnectionError", "--pipeline-source sample"),
        ("HTTP 503, upstream connect error", "later"),
    ],
)
def test_a_refusal_comes_with_what_to_do(reason, advice, tmp_path):
    assert advice in error_advice.advice(reason, Pair("bitcoin", "usd"), tmp_path)


def test_a_coin_that_is_not_found_comes_with_what_was_meant(lists):
    told = error_advice.advice("HTTP 404, coin not found", Pair("btc", "usd"), lists)
    assert "check [pipeline] coins" in told
    assert "btc is a symbol, not an id: bitcoin (Bitcoin)" in told


def test_a_currency_that_is_refused_comes_with_what_was_meant(lists):
    told = error_advice.advice("HTTP 400, invalid vs_currency", Pair("bitcoin", "euro"), lists)
    assert "nearest: eur" in told


# --- Before a request is sent


@pytest.mark.parametrize(("coin", "currency", "what", "setting"), [
    ("btc", "usd", "btc is a symbol, not an id: bitcoin (Bitcoin)", "coins"),
    ("bitcon", "usd", "bitcon is not in CoinGecko's list of coins; nearest ids: bitcoin", "coins"),
    ("zzzzzz", "usd", "zzzzzz is not in CoinGecko's list of coins", "coins"),
    ("bitcoin", "euro", "euro is not one of CoinGecko's 4 currencies; nearest: eur", "vs_currency"),
])  # fmt: skip
def test_a_name_that_a_fresh_list_lacks_is_wrong(coin, currency, what, setting, lists):
    wrong = coin_names.wrong(lists, Pair(coin, currency))
    assert wrong is not None
    assert (wrong.what.startswith(what), wrong.setting, wrong.list_.is_file()) == (True, setting, True)


def test_a_name_that_is_listed_is_not_wrong(lists):
    assert coin_names.wrong(lists, Pair("litecoin", "eur")) is None


def test_a_list_that_is_old_or_damaged_or_not_there_makes_no_name_wrong(lists, tmp_path):
    for path in lists.glob("*.json"):
        os.utime(path, (0, time.time() - 8 * 86_400))
    assert coin_names.wrong(lists, Pair("btc", "euro")) is None
    for path in lists.glob("*.json"):
        path.write_text("[")
    assert coin_names.wrong(lists, Pair("btc", "euro")) is None
    assert coin_names.wrong(tmp_path / "nowhere", Pair("btc", "euro")) is None
