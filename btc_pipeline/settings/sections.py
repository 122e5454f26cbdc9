"""The settings as Luigi knows them: a class for each section of luigi.cfg, made from the rows, and their options.

Names settings and reads none: `reader` does, and validates them.
"""

from __future__ import annotations

import types
from typing import Any, cast

import luigi

from btc_pipeline.settings.values import ABOUT, ROWS


def _section(name: str, about: str) -> type[luigi.Config]:
    """A section; Luigi names it after the class. Its options are `--<section>-<key>`."""
    options = {row.key: luigi.Parameter(row.default, description=row.help) for row in ROWS if row.section == name}
    body: dict[str, Any] = {"__module__": __name__, "__doc__": f"Section [{name}]. {about}", **options}
    return cast("type[luigi.Config]", types.new_class(name, (luigi.Config,), exec_body=lambda made: made.update(body)))


SECTIONS: tuple[type[luigi.Config], ...] = tuple(_section(name, about) for name, about in ABOUT.items())
"""All sections that are ours; a key of another name in them is refused."""
