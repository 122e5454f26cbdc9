"""Luigi's command line as the source of the settings: within it luigi.cfg and the options given are what is read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from luigi.cmdline_parser import CmdlineParser


def applied(arguments: Sequence[str]) -> AbstractContextManager[object]:
    """Within it the settings are those of luigi.cfg and of these options. Luigi ends by SystemExit over a bad one."""
    parser: AbstractContextManager[object] = CmdlineParser.global_instance(
        ["--module", "btc_pipeline", "Visualize", *arguments]
    )
    return parser
