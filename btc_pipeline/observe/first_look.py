"""The first look of a command: a luigi.cfg that cannot be read ends it in one line, before Luigi is imported.

Luigi's own command has read the file before it imports this package.
"""

from __future__ import annotations

import sys

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.observe import log
from btc_pipeline.settings import luigi_cfg


def take() -> None:
    """End the process with the line and exit code of a bad luigi.cfg."""
    if "luigi" in sys.modules:
        return
    try:
        luigi_cfg.check()
    except ConfigurationError as error:
        log.prepare()
        log.error("%s", error)
        raise SystemExit(error.exit_code) from None
