"""The sections of luigi.cfg: their keys, defaults and meanings, as Luigi's command line shows them.

Names settings and reads none: `settings` does, and validates them.
"""

from __future__ import annotations

import luigi

API_KEY_VARIABLE = "COINGECKO_API_KEY"


class pipeline(luigi.Config):  # noqa: N801 - Luigi names the section of luigi.cfg after the class
    """Section [pipeline]; on the command line `--pipeline-<key>`."""

    data_dir = luigi.Parameter("data", description="folder of everything that is made")
    source = luigi.Parameter("live", description="live (CoinGecko) or sample (shipped replay server)")
    recordings = luigi.Parameter("", description="source=sample: a folder of recorded answers to replay")
    coins = luigi.Parameter("bitcoin", description="CoinGecko coin ids, separated by commas")
    vs_currency = luigi.Parameter("usd", description="currencies of the prices, separated by commas")
    days = luigi.Parameter("7", description="whole days before the run's date, 2 to 89")
    max_age_hours = luigi.Parameter("6", description="oldest newest point that still counts as fresh")
    min_coverage = luigi.Parameter("0.9", description="least share of a day's slots for a final candle, 0.5 to 1")
    repeat_hours = luigi.Parameter("12", description="a price that is the same for so long is refused, 1 to 720")
    five_minute_points = luigi.Parameter("true", description="whether the last day's 5-minute points are asked as well")
    second_opinion = luigi.Parameter("true", description="whether /ohlc is asked as well: true or false")
    second_opinion_limit_bps = luigi.Parameter("50", description="difference from it that is a warning, 0.1 to 10000")
    summary = luigi.Parameter("table", description="what stdout shows at the end of a run: table, json or none")
    now = luigi.Parameter("", description="see the world as of this instant, e.g. 2021-05-15T14:42:23Z")


class coingecko(luigi.Config):  # noqa: N801 - as above
    """Section [coingecko]; on the command line `--coingecko-<key>`."""

    plan = luigi.Parameter("keyless", description="keyless, demo or pro")
    base_url = luigi.Parameter("", description="the API's root; empty: the plan's own")
    api_key_file = luigi.Parameter("", description=f"file with the key; empty: ${API_KEY_VARIABLE}")
    calls_a_minute = luigi.Parameter("", description="budget of calls, 1 to 1000; empty: the plan's own")
    calls_a_month = luigi.Parameter("", description="budget of calls; 0: none; empty: the plan's own")
    timeout_seconds = luigi.Parameter("20", description="longest silence of the API, 1 to 300")
    retries = luigi.Parameter("4", description="further tries after a 429, a 5xx or no answer, 0 to 10")
    max_wait_seconds = luigi.Parameter("180", description="longest Retry-After that is obeyed, 0 to 900")
    deadline_seconds = luigi.Parameter("600", description="longest time without an answer, 5 to 7200")


class chart(luigi.Config):  # noqa: N801 - as above
    """Section [chart]; on the command line `--chart-<key>`."""

    style = luigi.Parameter("light", description="light, dark or mono (up and down by lightness alone)")
    size = luigi.Parameter("screen", description="screen, or print (297 mm wide at 300 dpi)")
    formats = luigi.Parameter("png", description="png, or png,svg")
    moving_averages = luigi.Parameter("7,30", description="periods in days, up to 3, 2 to 365; or none")


SECTIONS: tuple[type[luigi.Config], ...] = (pipeline, coingecko, chart)
"""All sections that are ours; a key of another name in them is refused."""
