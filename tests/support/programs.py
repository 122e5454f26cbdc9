"""The programs that the project installs, by their names; whatever they need is imported with them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import luigi.cmdline
import luigi.tools.deps_tree

import btc_pipeline.__main__

PROGRAMS: dict[str, Callable[[], Any]] = {
    "btc-pipeline": btc_pipeline.__main__.main,
    "luigi": lambda: luigi.cmdline.luigi_run(sys.argv[1:]),
    "luigi-deps-tree": luigi.tools.deps_tree.main,
}
