"""The settings of a run as they may be shown to anybody who is shown its candles: without secrets, without paths.

Pure: takes validated settings; reads neither a file nor the environment. Each row says how it is shown, or why not.
"""

from __future__ import annotations

from operator import attrgetter

from btc_pipeline.settings.values import ROWS, Settings

HIDDEN = {(row.section, row.key): row.hidden for row in ROWS if row.hidden}
"""The settings that are not shown, and why."""


def shown(settings: Settings) -> list[tuple[str, str, str]]:
    """Section, key and value of each setting, in the order of luigi.cfg; an empty value is one that is not set."""
    return [(row.section, row.key, row.public(attrgetter(row.attribute)(settings))) for row in ROWS if not row.hidden]


def names() -> list[str]:
    """The settings that are shown, as `section.key`."""
    return [f"{row.section}.{row.key}" for row in ROWS if not row.hidden]
