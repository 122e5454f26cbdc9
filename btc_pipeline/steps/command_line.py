"""Luigi's command line as the source of the settings: within it they come from luigi.cfg and the given options."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from luigi.cmdline_parser import CmdlineParser


def applied(arguments: Sequence[str]) -> AbstractContextManager[object]:
    """Within it the settings come from luigi.cfg and these options. If an option is bad, Luigi raises SystemExit."""
    parser: AbstractContextManager[object] = CmdlineParser.global_instance(
        ["--module", "btc_pipeline", "Visualize", *arguments]
    )
    return parser
