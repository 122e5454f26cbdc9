"""Words and numbers as text: names, days, instants, prices, volumes, changes, notes.

Pure functions from values to strings. Must not import matplotlib, and must not know the place of a text.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from itertools import groupby

from btc_pipeline.market.candle import Candle

SAMPLE_WARNING = "SAMPLE: not live market data"

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "\N{MINUS SIGN}"
_MOST_NOTES = 4


@dataclass(frozen=True)
class ChartFacts:
    """The facts that a chart shows beside its candles."""

    coin_id: str
    vs_currency: str
    first_day: date
    """First UTC day of the axis. Each day up to `last_day` has its place, even without a candle."""
    last_day: date
    source: str
    """Where the prices come from, in the footer's words: `CoinGecko`, `SAMPLE (synthetic)`."""
    is_sample: bool
    data_as_of: datetime
    """The instant at which the data was extracted, with its time zone."""
    averages: Mapping[int, Sequence[float | None]] = field(default_factory=dict)
    """Moving averages of the closes, by period in days: for each of `days` a value or None."""

    @property
    def days(self) -> list[date]:
        """Every day of the axis."""
        return [self.first_day + timedelta(days=n) for n in range((self.last_day - self.first_day).days + 1)]


def title_text(facts: ChartFacts) -> str:
    """`Bitcoin / USD`."""
    return f"{coin_name(facts.coin_id)} / {facts.vs_currency.upper()}"


def overview_title(charts: Sequence[ChartFacts]) -> str:
    """`12 coins in USD`, of many charts on one page."""
    coins = len({facts.coin_id for facts in charts})
    currencies = sorted({facts.vs_currency.upper() for facts in charts})
    named = ", ".join(currencies) if len(currencies) <= 4 else f"{len(currencies)} currencies"
    return f"{coins} {'coin' if coins == 1 else 'coins'} in {named}"


def subtitle_text(facts: ChartFacts) -> str:
    """`Daily candles, 8 to 15 May 2021, days in UTC`."""
    return f"Daily candles, {window_text(facts.first_day, facts.last_day)}, days in UTC"


def source_text(facts: ChartFacts) -> str:
    """`Source: CoinGecko · data as of 15 May 2021, 14:42 UTC`, with SAMPLE first if it is sample data."""
    source = f"Source: {facts.source} · data as of {instant_text(facts.data_as_of)}"
    return f"{SAMPLE_WARNING} · {source}" if facts.is_sample else source


def footer_text(facts: ChartFacts, newest_at: Sequence[datetime]) -> str:
    """The source, its instant, and how much older the newest price was then; for one coin or several."""
    source = source_text(facts)
    ages = sorted(facts.data_as_of - instant for instant in newest_at)
    if not ages:
        return source
    least, most = age_text(ages[0]), age_text(ages[-1])
    price = f"newest price {most}" if least == most else f"newest prices {least} to {most}"
    return f"{source} · {price} older"


def age_text(age: timedelta) -> str:
    """`15 minutes`, `3 hours`, `2 days`: in the largest unit that gives two or more, rounded down."""
    minutes = max(0, int(age.total_seconds() // 60))
    units = ((minutes // 1440, "day"), (minutes // 60, "hour"), (minutes, "minute"))
    number, unit = next((each for each in units if each[0] > 1), units[-1])
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def coin_name(coin_id: str) -> str:
    """`wrapped-bitcoin` -> `Wrapped Bitcoin`."""
    words = coin_id.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def day_text(day: date) -> str:
    """2021-05-15 -> `Sat 15 May`."""
    return f"{day:%a} {day.day} {day:%b}"


def window_text(first_day: date, last_day: date) -> str:
    """`8 to 15 May 2021`; the first day is shown without the month or year that both days share."""
    last = f"{last_day.day} {last_day:%b %Y}"
    if first_day == last_day:
        return last
    if first_day.year != last_day.year:
        return f"{first_day.day} {first_day:%b %Y} to {last}"
    if first_day.month != last_day.month:
        return f"{first_day.day} {first_day:%b} to {last}"
    return f"{first_day.day} to {last}"


def instant_text(instant: datetime) -> str:
    """`15 May 2021, 14:42 UTC`. Raises ValueError for an instant without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"instant without a time zone: {instant.isoformat()}")
    utc = instant.astimezone(timezone.utc)
    return f"{utc.day} {utc:%b %Y, %H:%M} UTC"


def price_exponent(highest: float) -> int:
    """The power of ten for writing prices up to `highest`. From 1e-6 to 1e15 it is 0: they are written in full."""
    return 0 if 1e-6 <= highest < 1e15 else math.floor(math.log10(highest))


def price_step(price: float) -> float:
    """The smallest difference to show in a single price: cents, or its fifth digit if that is finer."""
    fifth_digit = 10.0 ** (math.floor(math.log10(price)) - 4)
    if price_exponent(price):
        return fifth_digit
    return 1.0 if price >= 1e6 else min(0.01, fifth_digit)


def price_text(price: float, step: float, exponent: int = 0) -> str:
    """`49,904.49`, with the decimals that show steps of `step`; `1.025×10⁻⁹` with the exponent -9."""
    unit = 10.0**exponent
    mantissa = f"{price / unit:,.{decimals(step / unit)}f}"
    return f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPTS)}" if exponent else mantissa


def single_price_text(price: float) -> str:
    """A price that stands alone, with its own precision."""
    return price_text(price, price_step(price), price_exponent(price))


def volume_text(volume: float, largest: float) -> str:
    """`82.1 B`: in the unit (K, M, B, T) that fits the largest volume beside it."""
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if largest >= unit:
            return f"{volume / unit:,.6g} {letter}" if volume else "0"
    return f"{volume:,.6g}"


def change_text(change: float) -> str:
    """A relative change as `▲ +1.23 %`, `▼ −1.23 %` or `0.00 %`; -0.0123 is −1.23 %."""
    percent = round(100 * change, 2)
    if percent == 0:
        return "0.00 %"
    if percent > 9_999:
        return "▲ over +9,999 %"
    return f"▲ +{percent:,.2f} %" if percent > 0 else f"▼ {_MINUS}{-percent:,.2f} %"


def extremes_text(candles: Sequence[Candle]) -> str:
    """`High 59,592.16 on Mon 10 May · Low 48,265.77 on Thu 13 May · prices in USD`."""
    highest, lowest = (
        max(candles, key=lambda candle: candle.high),
        min(candles, key=lambda candle: candle.low),
    )
    high = f"High {single_price_text(highest.high)} on {day_text(highest.date)}"
    low = f"Low {single_price_text(lowest.low)} on {day_text(lowest.date)}"
    return f"{high} · {low} · prices in {lowest.vs_currency.upper()}"


def change_texts(candles: Sequence[Candle]) -> list[tuple[str, float]]:
    """The change of the last close since the close before it, and since the first open: each as a text and a number.

    `candles` are in order of their days. If days are missing, the text names the day of the close before.
    """
    first, last = candles[0], candles[-1]
    over_window = last.close / first.open - 1
    texts = [(f"{change_text(over_window)} since {day_text(first.date)} open", over_window)]
    if len(candles) == 1:
        return [("no previous close", 0.0), *texts]
    previous = candles[-2]
    since_close = last.close / previous.close - 1
    is_adjacent = last.date - previous.date == timedelta(days=1)
    name = "previous" if is_adjacent else day_text(previous.date)
    return [(f"{change_text(since_close)} since {name} close", since_close), *texts]


def coverage_text(candles: Sequence[Candle], days: Sequence[date]) -> str:
    """The days that are missing, and the ended days that are not fully covered; empty if there are none."""
    by_day = {candle.date: candle for candle in candles}
    notes = []
    for is_missing, group in groupby(days, key=lambda day: day not in by_day):
        run = list(group)
        if is_missing:
            until = f" to {day_text(run[-1])}" if len(run) > 1 else ""
            notes.append(f"{day_text(run[0])}{until} no data")
        else:
            over = [candle for candle in map(by_day.__getitem__, run) if candle.status != "open"]
            notes += [f"{day_text(c.date)} {percent_text(c.coverage)}" for c in over if c.coverage < 1]
    if not notes:
        return ""
    more = f" and {len(notes) - _MOST_NOTES} more" if len(notes) > _MOST_NOTES else ""
    return f"Coverage: {', '.join(notes[:_MOST_NOTES])}{more}"


def percent_text(share: float) -> str:
    """A share as `58 %`, rounded down."""
    return f"{whole_percent(share)} %"


def whole_percent(share: float) -> int:
    """Rounded down, because 99.99 % must not look complete. 0.58 gives 58, although 100 * 0.58 is 57.99999999999999."""
    return math.floor(100 * share + 1e-9)


def decimals(step: float) -> int:
    """How many decimals are needed to write multiples of `step`: 0 for 500, 1 for 2.5, 2 for 0.05."""
    for places in range(16):
        shifted = step * 10**places
        if shifted > 0.5 and abs(shifted - round(shifted)) < 1e-6 * shifted:
            return places
    return 16
