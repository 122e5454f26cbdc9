"""The command line beside Luigi's: `btc-pipeline`, or `python -m btc_pipeline`. `cli/` has the commands.

Only starts it and ends with its exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from btc_pipeline.system import start


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends by SystemExit with a documented exit code."""
    try:
        from btc_pipeline.cli.app import pipeline
        from btc_pipeline.cli.group import exit_code_of

        code = exit_code_of(pipeline, None if arguments is None else list(arguments))
    except Exception as error:
        start.explain(error)
        raise
    sys.exit(code)


if __name__ == "__main__":
    main()
