"""docs/settings.md: one entry for each setting, from a list of rows.

`rows` alone knows where the rows come from; another source needs another `rows`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from btc_pipeline.settings import sections
from docs.markdown import Page, item

SOURCE = "btc_pipeline/settings/sections.py and docs/settings_page.py"

ABOUT = {
    "pipeline": "What is fetched, how it is judged, and where it lies.",
    "coingecko": "How CoinGecko is asked.",
    "chart": "How the charts look. These settings change no data.",
}

MEANINGS = {
    "pipeline": {
        "data_dir": "Folder of everything that is made. A relative path starts at the current folder.",
        "source": "`live` (CoinGecko) or `sample` (the replay server that comes with the project).",
        "recordings": "With `source = sample`: a folder of recorded answers of the real API. They are replayed instead "
        "of the synthetic market.",
        "coins": "CoinGecko's coin ids, separated by commas.",
        "vs_currency": "CoinGecko's currency codes, separated by commas. Each coin is requested in each currency.",
        "days": "Whole days before the run's date, 2 to 89.",
        "max_age_hours": "The newest point may be this old, in hours, 1 to 168.",
        "min_coverage": "A candle is `final` only if at least this share of its slots has a point, 0.5 to 1.",
        "repeat_hours": "If the price of a coin is the very same for so many hours, it is not a market price. Raise it "
        "for a coin that hardly trades, 1 to 720.",
        "five_minute_points": "Whether the 5-minute points of the last day are requested as well: `true` or `false`. "
        "One more call for each coin; better highs and lows.",
        "second_opinion": "Whether CoinGecko's own candles (`/ohlc`) are requested as well: `true` or `false`. One "
        "more call for each coin.",
        "second_opinion_limit_bps": "A day whose candle differs from them by more is a warning, in basis points, "
        "0.1 to 10000.",
        "summary": "What standard output shows at the end of a run that drew, or of a backfill: `table`, `json` or "
        "`none`.",
        "now": "Run as of this instant, for example `2021-05-15T14:42:23Z`. If it is not set, the clock is used.",
    },
    "coingecko": {
        "plan": "`keyless`, `demo` or `pro`.",
        "base_url": "The API's root. If it is not set, the plan's own. It must be https, or http on loopback.",
        "api_key_file": "File with the key; only its owner may read it. If it is not set, the environment variable "
        "`COINGECKO_API_KEY` is used.",
        "calls_a_minute": "Budget of calls, 1 to 1000, counted across runs. If it is not set, the plan's own: 5, 30 or "
        "250.",
        "calls_a_month": "Budget of calls of a UTC month; 0: none. If it is not set, the plan's own: none, 10000 or "
        "500000.",
        "timeout_seconds": "Longest silence of the API, 1 to 300.",
        "retries": "Further tries after a 429, a 5xx or no answer, 0 to 10.",
        "max_wait_seconds": "Longest Retry-After that is obeyed, 0 to 900.",
        "deadline_seconds": "Longest time that an extraction may go without an answer, 5 to 7200.",
    },
    "chart": {
        "style": "`light`, `dark`, or `mono`: up and down by lightness alone, for grey printers.",
        "size": "`screen`, 1600 pixels wide, or `print`, 297 mm wide at 300 dpi.",
        "formats": "`png`, or `png,svg`: the same charts as SVG as well.",
        "moving_averages": "Simple moving averages of the closes: up to three periods in days, 2 to 365, or `none`.",
    },
}


@dataclass(frozen=True)
class Row:
    """A setting. Its default is a text, as in luigi.cfg; an empty one says that it is not set."""

    section: str
    key: str
    default: str
    meaning: str


def rows() -> list[Row]:
    """All settings, in the order of luigi.cfg."""
    return [
        Row(name := section.get_task_family(), key, parameter._default, MEANINGS[name][key])
        for section in sections.SECTIONS
        for key, parameter in section.get_params()
    ]


def page(settings: Sequence[Row]) -> str:
    """The page."""
    made = Page("Settings", SOURCE)
    made.text(
        "Settings are read from `luigi.cfg` in the current folder, or from the file that the environment variable "
        "`LUIGI_CONFIG_PATH` names. Each setting is also an option of Luigi's command line and of `btc-pipeline`: "
        "`--<section>-<key>`, with hyphens. The option wins."
    )
    made.text(
        "Without a `luigi.cfg` each setting has its default. Of Luigi's own sections `[core]`, `[worker]` and "
        "`[retcode]`, the keys that `luigi.cfg` of the repository sets are the defaults too."
    )
    made.code(
        "btc-pipeline run --pipeline-coins bitcoin,ethereum --chart-style dark",
        "luigi --module btc_pipeline Visualize --local-scheduler --pipeline-days 14",
    )
    made.text("An unknown key or a bad value ends the run with exit code 2, and the message names section and key.")
    for section in dict.fromkeys(each.section for each in settings):
        made.heading(f"Section [{section}]")
        made.text(ABOUT[section])
        made.lines(
            item(f"**`{each.key}`** ({f'default: `{each.default}`' if each.default else 'not set'}). {each.meaning}")
            for each in settings
            if each.section == section
        )
    return made.written()
