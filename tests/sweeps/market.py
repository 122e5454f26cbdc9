"""A market of its own for the sixty days: CoinGecko on bad days, in both series. Knows nothing of the pipeline."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta, timezone

HOUR, FIVE_MINUTES = 3_600_000, 300_000
HOURLY, FINE = "hourly", "5-minute"
STEPS = {HOURLY: HOUR, FINE: FIVE_MINUTES}
"""How many milliseconds a slot of a series lasts."""


class Market:
    """CoinGecko with its bad days: of a hundred hours two never come, three come two days late, three are revised.

    The 5-minute series, which is asked for one day back, has worse ones: of a hundred stretches of 20 minutes two never
    come, three come three hours late, three are revised after three hours, and of a hundred stretches of two hours one.
    """

    def knows_coin(self, coin_id, /):
        return coin_id == "bitcoin"

    def knows_currency(self, coin_id, vs_currency, /):
        return vs_currency == "usd"

    def coins_list(self):
        return [{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}]

    def supported_vs_currencies(self):
        return ["usd"]

    def earliest_start(self, now, /):
        return None

    def market_chart(self, coin_id, vs_currency, start, end, now, /):
        granularity = FINE if end - start <= timedelta(days=1) and end >= now - timedelta(minutes=1) else HOURLY
        first, last = milliseconds(start), milliseconds(min(end, now))
        points = [
            point
            for slot in range(first // STEPS[granularity], last // STEPS[granularity] + 1)
            if (point := self.point(granularity, slot, now)) and first <= point[0] <= last
        ]
        if end >= now - timedelta(minutes=1):
            points.append((milliseconds(now) // 1000 * 1000, 77_777.0))
        return {
            "prices": [[stamp, price] for stamp, price in points],
            "market_caps": [[stamp, price * 2e7] for stamp, price in points],
            "total_volumes": [[stamp, price * 1e5] for stamp, price in points],
        }

    def ohlc(self, coin_id, vs_currency, days, now, /):
        last = (milliseconds(now) - 1) // (4 * HOUR) + 1
        candles = []
        for number in range(last - 6 * days, last):
            points = filter(None, (self.hourly_point(slot, now) for slot in range(4 * number, 4 * number + 4)))
            prices = [price for stamp, price in points if stamp <= milliseconds(now)]
            if prices:
                candles.append([(number + 1) * 4 * HOUR, prices[0], max(prices), min(prices), prices[-1]])
        return candles

    def served(self, granularity, start, now):
        """Whether an answer at `now` has the settled point of the slot."""
        point = self.point(granularity, milliseconds(start) // STEPS[granularity], now)
        return bool(point) and point[0] <= milliseconds(now)

    def point(self, granularity, slot, now):
        return self.hourly_point(slot, now) if granularity == HOURLY else self.fine_point(slot, now)

    def hourly_point(self, slot, now):
        age = now - datetime.fromtimestamp(slot * 3600, tz=timezone.utc)
        kind = share("kind", slot)
        if kind < 0.02 or (kind < 0.05 and age < timedelta(days=2)):
            return None
        price = self.price(slot)
        if 0.05 <= kind < 0.08 and age >= timedelta(days=3):
            price *= 1.003
        return slot * HOUR + 1 + 2 * int(share("stamp", slot) * 1_500_000), price

    def fine_point(self, slot, now):
        age = now - datetime.fromtimestamp(slot * 300, tz=timezone.utc)
        kind = share("fine kind", slot // 4)
        if kind < 0.02 or (kind < 0.05 and age < timedelta(hours=3)) or share("outage", slot // 24) < 0.01:
            return None
        price = self.price(slot // 12) * (1 + 0.002 * share("fine", slot))
        if 0.05 <= kind < 0.08 and age >= timedelta(hours=3):
            price *= 1.003
        return slot * FIVE_MINUTES + 2 + 2 * int(share("fine stamp", slot) * 140_000), price

    def price(self, hour):
        return 60_000 * (1 + 0.1 * share("price", hour // 12) + 0.01 * share("noise", hour))


def share(*key):
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:4], "big") / 2**32


def milliseconds(instant):
    return int(instant.timestamp() * 1000)


def midnight(day):
    return datetime.combine(day, time(), timezone.utc)
