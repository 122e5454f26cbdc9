"""docs/settings.md: one entry for each setting, from the rows of `btc_pipeline/settings/values.py`.

Pure: reads no setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from btc_pipeline.settings.rows import SettingRow
from btc_pipeline.settings.values import ABOUT, ROWS
from docs.markdown import Page, item

SOURCE = "btc_pipeline/settings/values.py, btc_pipeline/settings/charts.py and docs/settings_page.py"


def page(settings: Sequence[SettingRow[Any]] = ROWS) -> str:
    """The page."""
    made = Page("Settings", SOURCE)
    made.text(
        "Settings are read from `luigi.cfg` in the current folder, or from the file that the environment variable "
        "`LUIGI_CONFIG_PATH` names. `btc-pipeline init` writes a `luigi.cfg` with all of them. Each setting is also an "
        "option of Luigi's command line and of `btc-pipeline`: `--<section>-<key>`, with hyphens. The option wins."
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
    made.text(
        "If a setting changes, the steps that depend on it run again, and then the steps after them if their input has "
        "changed. The published table `run_settings` shows the settings of its run."
    )
    for section, about in ABOUT.items():
        made.heading(f"Section [{section}]")
        made.text(about)
        made.lines(_entry(row) for row in settings if row.section == section)
    return made.written()


def _entry(row: SettingRow[Any]) -> str:
    default = f"default: `{row.default}`" if row.default else "not set"
    hidden = f"`run_settings` does not show it: {row.hidden}." if row.hidden else ""
    sentences = [row.meaning, row.bounds, _effect(row), hidden]
    return item(f"**`{row.key}`** ({default}). {' '.join(filter(None, sentences))}")


def _effect(row: SettingRow[Any]) -> str:
    """What runs again."""
    steps = [f"`{step}`" for step in row.all_steps]
    if row.effect or not steps:
        return row.effect or "If it changes, nothing runs again."
    return f"If it changes, {' and '.join(steps)} {'runs' if len(steps) == 1 else 'run'} again."
