"""What may be done to an answer of CoinGecko to spoil it; `bad_kinds.py` has the table.

Written without a look at what the pipeline checks. Pure functions of an answer and a source of chance; they know no
coin, no clock and no other answer. A chart is spoilt as rows, so that its three arrays stay in step; its last row is
the live point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Row(NamedTuple):
    """A point of a chart: unix milliseconds, price, market cap, 24 h volume."""

    stamp: int
    price: float
    cap: float | None
    volume: float | None


Spoil = Callable[[Any, Random], Any]
"""From an answer's JSON, which stays as it is, to that of the bad one; bytes are sent as they are."""
Change = Callable[[list[Row], Random], Iterable[Row]]


def rows_of(chart: dict[str, list[list[Any]]]) -> list[Row]:
    """The points of a good chart."""
    arrays = zip(chart["prices"], chart["market_caps"], chart["total_volumes"], strict=True)
    return [Row(price[0], price[1], cap[1], volume[1]) for price, cap, volume in arrays]


def chart_of(rows: Iterable[Row]) -> dict[str, list[list[Any]]]:
    """The chart of these points."""
    rows = list(rows)
    return {
        "prices": [[row.stamp, row.price] for row in rows],
        "market_caps": [[row.stamp, row.cap] for row in rows],
        "total_volumes": [[row.stamp, row.volume] for row in rows],
    }


def by_rows(change: Change) -> Spoil:
    """A kind for charts, from what it does to their rows."""
    return lambda answer, lot: chart_of(change(rows_of(answer), lot))


# --- The whole answer


def as_it_is(answer: Any, lot: Random) -> Any:
    return answer


def scaled(factor: float, *, is_older_half: bool = False) -> Spoil:
    """All money times a factor, as in another currency or unit."""

    def spoil(answer: Any, lot: Random) -> Any:
        rows: list[Any] = answer if isinstance(answer, list) else rows_of(answer)
        end = len(rows) // 2 if is_older_half else len(rows)
        bad: list[Any] = [[row[0], *(each and each * factor for each in row[1:])] for row in rows[:end]]
        return [*bad, *rows[end:]] if isinstance(answer, list) else chart_of([*(Row(*row) for row in bad), *rows[end:]])

    return spoil


def only_first(count: Callable[[int], int]) -> Spoil:
    """Cut after so many of its rows."""
    return lambda answer, lot: (
        answer[: count(len(answer))]
        if isinstance(answer, list)
        else chart_of(rows_of(answer)[: count(len(answer["prices"]))])
    )


def backwards(answer: Any, lot: Random) -> Any:
    return answer[::-1] if isinstance(answer, list) else chart_of(rows_of(answer)[::-1])


def with_repeats(answer: Any, lot: Random) -> Any:
    rows: list[Any] = answer if isinstance(answer, list) else rows_of(answer)
    twice = [each for row in rows for each in [row] * (1 + (lot.random() < 0.1))]
    return twice if isinstance(answer, list) else chart_of(twice)


def one_price(price: Callable[[float], float]) -> Spoil:
    """One price somewhere is another number."""

    def spoil(answer: Any, lot: Random) -> Any:
        rows = [list(row) for row in (answer if isinstance(answer, list) else rows_of(answer))]
        row = lot.choice(rows[:-1])
        row[1] = price(row[1])
        return rows if isinstance(answer, list) else chart_of(Row(*row) for row in rows)

    return spoil


def page(answer: Any, lot: Random) -> bytes:
    return b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>502</body></html>"


def other_shape(answer: Any, lot: Random) -> Any:
    return {"data": answer if isinstance(answer, list) else [row._asdict() for row in rows_of(answer)]}


# --- Single points


def comes_again(rows: list[Row], lot: Random) -> int:
    """The number of a settled row that the answer of the next day will have too: of the last minutes, or days."""
    span = rows[-1].stamp - rows[0].stamp
    recent = span // 4 if span > 2 * DAY else span // 100
    return lot.choice([at for at, row in enumerate(rows[:-1]) if row.stamp >= rows[-2].stamp - recent])


def leaves(rows: list[Row], lot: Random) -> int:
    """The number of a row that no later answer will have: it is about to leave the window."""
    span = rows[-1].stamp - rows[0].stamp
    return lot.choice([at for at, row in enumerate(rows) if row.stamp < rows[0].stamp + span // 10])


def point(which: Callable[[list[Row], Random], int], price: Callable[[float], float]) -> Change:
    """One price is another number."""

    def change(rows: list[Row], lot: Random) -> list[Row]:
        at = which(rows, lot)
        return [*rows[:at], rows[at]._replace(price=price(rows[at].price)), *rows[at + 1 :]]

    return change


def stray(factor: float) -> Change:
    """One more point, with a stamp that no other answer has, 13 seconds after another."""

    def change(rows: list[Row], lot: Random) -> list[Row]:
        at = lot.randrange(len(rows) - 2)
        new = rows[at]._replace(stamp=rows[at].stamp + 13_000, price=rows[at].price * factor)
        return sorted([*rows[:-1], new]) + rows[-1:]

    return change


def four_of_a_thousandth(rows: list[Row], lot: Random) -> list[Row]:
    at = lot.randrange(len(rows) - 5)
    return [row._replace(price=row.price / 1000) if at <= number < at + 4 else row for number, row in enumerate(rows)]


def times(factor: float) -> Callable[[float], float]:
    return lambda price: price * factor


def to(other: float) -> Callable[[float], float]:
    return lambda price: other


# --- Stamps


def moved(by: timedelta) -> Spoil:
    """All stamps are off; the prices are those of then."""
    off = by // timedelta(milliseconds=1)

    def spoil(answer: Any, lot: Random) -> Any:
        if isinstance(answer, list):
            return [[candle[0] + off, *candle[1:]] for candle in answer]
        return chart_of(row._replace(stamp=row.stamp + off) for row in rows_of(answer))

    return spoil


# --- Days, slots, the live point, other figures


def settled_days_up(rows: list[Row], lot: Random) -> list[Row]:
    today = rows[-1].stamp // DAY
    return [row._replace(price=row.price * 1.004) if row.stamp // DAY < today else row for row in rows]


def without_end_of_yesterday(rows: list[Row], lot: Random) -> list[Row]:
    midnight = rows[-1].stamp // DAY * DAY
    return [row for row in rows if not midnight - 2 * HOUR <= row.stamp < midnight]


def without_first_day(rows: list[Row], lot: Random) -> list[Row]:
    return [row for row in rows if row.stamp // DAY > rows[0].stamp // DAY]


def frozen(hours: int) -> Change:
    """One price for so long, somewhere or up to the end."""

    def change(rows: list[Row], lot: Random) -> list[Row]:
        begins = [at for at, row in enumerate(rows) if row.stamp <= rows[-1].stamp - hours * HOUR]
        first = rows[lot.choice([begins[-1], lot.choice(begins)])]
        return [
            row._replace(price=first.price) if 0 <= row.stamp - first.stamp <= hours * HOUR else row for row in rows
        ]

    return change


def rounded(rows: list[Row], lot: Random) -> list[Row]:
    return [row._replace(price=float(f"{row.price:.2e}")) for row in rows]


def live(change: Callable[[Row], Row]) -> Change:
    return lambda rows, lot: [*rows[:-1], change(rows[-1])]


def with_two_live(rows: list[Row], lot: Random) -> list[Row]:
    *settled, last = rows
    return [*settled, last._replace(stamp=last.stamp - MINUTE, price=last.price * 1.003), last]


def figure(name: str, value: Callable[[Any], Any]) -> Change:
    return lambda rows, lot: [row._replace(**{name: value(getattr(row, name))}) for row in rows]


def without(field: str) -> Spoil:
    return lambda answer, lot: {name: array for name, array in answer.items() if name != field}


# --- CoinGecko's own candles


def one_high(answer: Any, lot: Random) -> Any:
    at = lot.randrange(len(answer) - 1)
    stamp, first, high, *rest = answer[at]
    return [*answer[:at], [stamp, first, high * 1.5, *rest], *answer[at + 1 :]]
