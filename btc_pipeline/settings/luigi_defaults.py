"""What Luigi does if no luigi.cfg says otherwise: our exit codes, no task without output, no log of its own.

The sections of luigi.cfg that are Luigi's. An installed wheel has no luigi.cfg in the folder that it runs in.
"""

from __future__ import annotations

import luigi

DEFAULTS = {
    "core": {"no_configure_logging": "true", "no_lock": "true"},
    "worker": {"check_complete_on_run": "true"},
    "retcode": {
        "already_running": "10",
        "missing_data": "1",
        "not_run": "10",
        "task_failed": "1",
        "scheduling_error": "1",
        "unhandled_exception": "1",
    },
}
"""Section, key and value. Luigi reads them after it has imported the tasks; it reads `autoload_range` too early."""


def hold() -> None:
    """Set the defaults, key by key. A key that Luigi has found in a luigi.cfg stays as it is."""
    parser = luigi.configuration.get_config()
    for section, values in DEFAULTS.items():
        for key, value in values.items():
            if not parser.has_option(section, key):
                parser.set(section, key, value)
