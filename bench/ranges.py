"""`python -m bench.ranges [FOLDER]`: what share of a day's true range each of CoinGecko's series sees.

Simulated: a geometric random walk in steps of a second, sampled where CoinGecko puts its points - hourly ones 5 to
400 s past the hour, 5-minute ones anywhere in their 5 minutes, one each. The range is the log of high by low, and the
truth that of all seconds of the day. Recorded: where the FOLDER's hourly and 5-minute recordings of a coin overlap, the
range of the one as a share of that of the other. By hand only: nothing depends on it.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from btc_pipeline.coingecko.simulator.recordings import Recording, Recordings

DAYS = 4_000
SEED = 20_210_515
_DAY, _HOUR, _SLOT = 86_400, 3_600, 300
_HOURLY_FROM, _HOURLY_TO = 5, 400
_SECOND_SIGMA = 0.03 / math.sqrt(_DAY)  # 3 % a day; the shares do not depend on it


def main() -> None:
    """Measure and print."""
    _print_simulated(np.random.default_rng(SEED))
    for folder in sys.argv[1:]:
        _print_recorded(Path(folder))


def _print_simulated(random: np.random.Generator) -> None:
    seen = np.array([_simulated_day(random) for _ in range(DAYS)])
    print(f"simulated, {DAYS} days: share of the true range, mean (5 % to 95 % of the days)")
    for name, shares in zip(("hourly", "5-minute"), seen.T, strict=True):
        low, high = np.quantile(shares, (0.05, 0.95))
        print(f"  {name:<10}{shares.mean():6.1%}   ({low:.1%} to {high:.1%})")
    ratios = seen[:, 1] / seen[:, 0]
    print(
        f"  a 5-minute range is {np.median(ratios):.3f} times the hourly one (median), {ratios.mean():.3f} on average"
    )


def _simulated_day(random: np.random.Generator) -> tuple[float, float]:
    """The shares of the day's range that the hourly and the 5-minute points see."""
    walk = np.cumsum(random.normal(0, _SECOND_SIGMA, _DAY))
    hourly = np.arange(0, _DAY, _HOUR) + random.integers(_HOURLY_FROM, _HOURLY_TO + 1, _DAY // _HOUR)
    fine = np.arange(0, _DAY, _SLOT) + random.integers(0, _SLOT, _DAY // _SLOT)
    true = float(np.ptp(walk))
    return float(np.ptp(walk[hourly])) / true, float(np.ptp(walk[fine])) / true


def _print_recorded(folder: Path) -> None:
    recordings = Recordings.read(folder).recordings
    for fine in (each for each in recordings if each.granularity == "5min"):
        for hourly in (each for each in recordings if each.series == (fine.coin_id, fine.vs_currency, "hourly")):
            _print_overlap(fine, hourly)


def _print_overlap(fine: Recording, hourly: Recording) -> None:
    ours, theirs = _settled(fine), _settled(hourly)
    first, last = max(min(ours), min(theirs)), min(max(ours), max(theirs))
    inside = [[price for at, price in each.items() if first <= at <= last] for each in (ours, theirs)]
    if min(map(len, inside)) < 2:
        return
    fine_range, hourly_range = (math.log(max(prices) / min(prices)) for prices in inside)
    print(
        f"recorded {fine.coin_id} / {fine.vs_currency}, {fine.recorded_on}, {(last - first) / 3_600_000:.1f} h,"
        f" {len(inside[1])} hourly and {len(inside[0])} 5-minute points:"
        f" the hourly range is {hourly_range / fine_range:.1%} of the 5-minute one"
    )


def _settled(recording: Recording) -> dict[int, float]:
    """The points by stamp (unix milliseconds), without the live one."""
    points = {int(at or 0): price for at, price in recording.chart["prices"] if price is not None}
    points.pop(recording.live_stamp or 0, None)
    return points


if __name__ == "__main__":
    main()
