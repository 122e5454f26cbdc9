"""Luigi's tasks for spans of days, such as RangeDaily: Luigi finds them by name once they are imported.

They have twice as many options as all our steps together, and Luigi makes the options of all tasks nine times in a run.
So a command line that does not name one of them goes without. Imports nothing of the project.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from pathlib import PurePath


def register(command_line: Sequence[str]) -> None:
    """Let Luigi find them, unless this command line is Luigi's own and needs none of them."""
    if are_needed(command_line):
        # Luigi warns of a default of its own that it does not like
        warnings.filterwarnings("ignore", 'Parameter "param_name" with value "None"', UserWarning)
        importlib.import_module("luigi.tools.range")  # its tasks register themselves


def are_needed(command_line: Sequence[str]) -> bool:
    """Whether a command line may name one of these tasks, or asks for help with all tasks. Other programs may too."""
    program, *words = command_line or [""]
    is_luigi = "luigi" in (PurePath(program).name, PurePath(program).parent.name)  # `luigi`, or `python -m luigi`
    return not is_luigi or any("range" in word.lower() or "help" in word for word in words)
