"""What the shell may complete beside commands and options: the coins that are published.

If they cannot be read, there is nothing to choose.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

from btc_pipeline.cli import last_run
from btc_pipeline.errors import PipelineError
from btc_pipeline.warehouse import database_errors, published


def published_coins(luigi_arguments: Sequence[str]) -> list[str]:
    """The coins that are published; none if they cannot be read."""
    failures = (PipelineError, database_errors.DatabaseError, OSError, SystemExit)
    with (
        contextlib.suppress(*failures),
        contextlib.redirect_stderr(io.StringIO()),  # no line may come between what is being typed
        last_run.settings(luigi_arguments, follows=True) as (_, workspace),
    ):
        query = "select distinct coin_id from daily_candlestick order by 1"
        (rows,) = published.read(workspace.published, query)
        return [str(row["coin_id"]) for row in rows]
    return []
