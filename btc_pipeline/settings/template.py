"""The text of luigi.cfg: each setting with its default and a comment from its row, then what Luigi itself needs.

Pure. The project's own luigi.cfg is this text, and `btc-pipeline init` writes it.
"""

from __future__ import annotations

import textwrap
from typing import Any

from btc_pipeline.settings.rows import SettingRow
from btc_pipeline.settings.values import ABOUT, ROWS

_WIDTH = 120

_HEAD = """\
The pipeline's settings. Remove the # before a key to set it. Each key can be overridden on the command line, e.g. \
--pipeline-source sample, and the whole file with LUIGI_CONFIG_PATH. An unknown key or a bad value ends the \
run; the message names it."""

_OF_LUIGI = """\
# --- Luigi's own settings. The exit codes are right only with these.

[core]
# One line for each step on stderr; Luigi's own lines from WARNING on (btc_pipeline/observe/log.py).
no_configure_logging = true
autoload_range = false

# Luigi's own lock is keyed on the command line and writes to /tmp; ours is on a file of the data folder.
no_lock = true

[worker]
# A task that wrote no output has failed.
check_complete_on_run = true

[retcode]
# A failed step ends with the exit code of its error (docs/exit-codes.md); these are Luigi's own cases.
already_running = 10
missing_data = 1
not_run = 10
task_failed = 1
scheduling_error = 1
unhandled_exception = 1
"""


def text() -> str:
    """All of the file."""
    blocks = [_comment(_HEAD)]
    for section, about in ABOUT.items():
        blocks += [f"[{section}]\n{_comment(about)}", *(_entry(row) for row in ROWS if row.section == section)]
    return "\n\n".join([*blocks, _OF_LUIGI])


def _entry(row: SettingRow[Any]) -> str:
    """A setting; one that is not set by default is a comment."""
    return "\n".join([_comment(row.help), f"{row.key} = {row.default}" if row.default else f"# {row.key} ="])


def _comment(paragraph: str) -> str:
    return textwrap.fill(
        paragraph,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
