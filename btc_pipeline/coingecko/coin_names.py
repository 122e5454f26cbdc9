"""Coins and currencies by name: suggestions for an id that CoinGecko does not know.

If a request fails because of a name, the connector requests CoinGecko's lists of names. They are kept for a week. Reads
and writes these two files; sends no request.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from btc_pipeline.coingecko import responses
from btc_pipeline.coingecko.streams import COINS, CURRENCIES, LISTS
from btc_pipeline.market import nearest
from btc_pipeline.market.pair import Pair
from btc_pipeline.system import files

_FRESH_SECONDS = 7 * 86_400
_MOST = 4
_NEAR = 0.7
_LONGEST = 60


def stale(folder: Path) -> list[str]:
    """The lists that are missing, or older than a week."""
    return [name for name in LISTS if not _is_fresh(folder / f"{name}.json")]


def keep(folder: Path, lists: Mapping[str, str]) -> None:
    """Keep the lists that the connector has fetched."""
    for name in LISTS:
        if name in lists:
            files.write(folder / f"{name}.json", lists[name].encode())


@dataclass(frozen=True)
class WrongName:
    """A coin or a currency that a fresh list lacks."""

    what: str
    setting: str
    list_: Path


def wrong(folder: Path, pair: Pair) -> WrongName | None:
    """What of a pair CoinGecko does not know, by its lists of less than a week; None if they do not say so."""
    ids = {coin["id"] for coin in _fresh(folder, COINS) if isinstance(coin, dict)}
    if ids and pair.coin_id not in ids:
        meant = of_coin(folder, pair.coin_id)
        if not meant.startswith(pair.coin_id):
            meant = f"{pair.coin_id} is not in CoinGecko's list of coins{f'; {meant}' if meant else ''}"
        return WrongName(meant, "coins", folder / f"{COINS}.json")
    codes = _fresh(folder, CURRENCIES)
    if codes and pair.vs_currency not in codes:
        return WrongName(of_currency(folder, pair.vs_currency), "vs_currency", folder / f"{CURRENCIES}.json")
    return None


def of_coin(folder: Path, coin_id: str) -> str:
    """Suggestions for a coin's id that CoinGecko does not know; empty if there are none."""
    coins = [each for each in _read(folder / f"{COINS}.json") if isinstance(each, dict)]
    if any(coin["id"] == coin_id for coin in coins):
        return f"{coin_id} is in CoinGecko's list of coins, but CoinGecko has no prices of it"
    of_symbol = [coin for coin in coins if str(coin.get("symbol", "")).lower() == coin_id]
    if of_symbol:
        meant = sorted(of_symbol, key=_plainness)[:_MOST]
        return f"{coin_id} is a symbol, not an id: {', '.join(f'''{_id(coin)} ({_name(coin)})''' for coin in meant)}"
    near = nearest.names(coin_id, [_id(coin) for coin in coins], most=_MOST, least_ratio=_NEAR)
    return f"nearest ids: {', '.join(near)}" if near else ""


def of_currency(folder: Path, code: str) -> str:
    """Suggestions for a currency's code that CoinGecko does not know; empty if there are none."""
    listed = _read(folder / f"{CURRENCIES}.json")
    codes = [responses.one_line(each, _LONGEST) for each in listed if isinstance(each, str)]
    if not codes or code in codes:
        return ""
    near = nearest.names(code, codes, most=_MOST, least_ratio=0) or sorted(codes)[:_MOST]
    return f"{code} is not one of CoinGecko's {len(codes)} currencies; nearest: {', '.join(near)}"


def _plainness(coin: Mapping[str, Any]) -> tuple[int, int, str]:
    """Sort key: ids without hyphens first, because wrapped and bridged coins are rarely meant."""
    return _id(coin).count("-"), abs(len(_id(coin)) - len(_name(coin))), _id(coin)


def _id(coin: Mapping[str, Any]) -> str:
    return responses.one_line(str(coin["id"]), _LONGEST)


def _name(coin: Mapping[str, Any]) -> str:
    return responses.one_line(str(coin.get("name", "")), _LONGEST)


def _is_fresh(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < _FRESH_SECONDS
    except OSError:
        return False


def _fresh(folder: Path, name: str) -> Sequence[Any]:
    path = folder / f"{name}.json"
    return _read(path) if _is_fresh(path) else []


def _read(path: Path) -> Sequence[Any]:
    try:
        return responses.names(files.read(path)) or []
    except OSError:
        return []
