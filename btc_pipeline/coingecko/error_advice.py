"""CoinGecko's errors in our words: what to do about each, beside its own code and message.

Reads the lists of names, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.coingecko import coin_names
from btc_pipeline.market.pair import Pair

_BY_CODE = (
    ("10010", "the key belongs to a pro plan: set [coingecko] plan = pro"),
    ("10011", "the key belongs to a demo plan: set [coingecko] plan = demo"),
    ("10002", "CoinGecko received no key: set [coingecko] plan to that of the key, and api_key_file"),
    ("10005", "this needs a higher plan than [coingecko] plan"),
    ("10006", "the month's credits are spent: wait for the next month, or choose a higher plan"),
    ("10012", "keyless and demo plans reach back 365 days: choose a later day"),
)
_BY_SIGN = (
    ("HTTP 404", "check [pipeline] coins: CoinGecko's ids, such as bitcoin"),
    ("HTTP 400", "check [pipeline] vs_currency and [coingecko] plan"),
    ("HTTP 401", "check [coingecko] plan and the key"),
    ("HTTP 403", "check [coingecko] plan and the key"),
    ("HTTP 429", "wait, or use a plan with a higher limit"),
    ("are spent", "wait for the next month, or raise [coingecko] calls_a_month"),
    (
        "SSLError",
        "its certificate is not trusted: if a proxy or a mirror has one of its own, name its file in"
        " REQUESTS_CA_BUNDLE; also check the clock",
    ),
    ("ProxyError", "check HTTPS_PROXY: the proxy does not answer, or refuses"),
    ("no answer", "check the network; offline: --pipeline-source sample"),
)


def advice(reason: str, pair: Pair, lists: Path) -> str:
    """What to do about an error of a pair; `lists` is the folder of the lists of names."""
    meant = ""
    if "HTTP 404" in reason:
        meant = coin_names.of_coin(lists, pair.coin_id)
    elif "HTTP 400" in reason and "currency" in reason:
        meant = coin_names.of_currency(lists, pair.vs_currency)
    fix = next((fix for code, fix in _BY_CODE if f"code {code}" in reason), None) or next(
        (fix for sign, fix in _BY_SIGN if sign in reason), "run it again later"
    )
    return f"{fix}; {meant}" if meant else fix
