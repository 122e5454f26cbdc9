"""Luigi's tasks for spans of days are there when a command line names one, and cost nothing when it does not."""

import subprocess
import sys

import pytest

from btc_pipeline.steps import range_tasks
from tests.support.patience import PATIENCE

LUIGI = "/usr/bin/luigi"
REGISTERED = """
import sys
sys.argv = sys.argv[1:]
import btc_pipeline
from luigi.task_register import Register
print("RangeDaily" in Register.task_names())
"""


@pytest.mark.parametrize(("command_line", "are_needed"), [
    ([LUIGI, "--module", "btc_pipeline", "Visualize"], False),
    (["/lib/luigi/__main__.py", "--module", "btc_pipeline", "Visualize", "--local-scheduler"], False),
    ([LUIGI, "--module", "btc_pipeline", "RangeDaily", "--of", "Visualize"], True),
    ([LUIGI, "--module", "btc_pipeline", "rangedaily"], True),
    ([LUIGI, "--module", "btc_pipeline", "Visualize", "--RangeDaily-of", "Publish"], True),
    ([LUIGI, "--module", "btc_pipeline", "Visualize", "--help-all"], True),
    (["/usr/bin/luigi-deps-tree", "--module", "btc_pipeline", "Visualize"], True),
    (["/usr/bin/pytest", "tests"], True),
    ([""], True),
    ([], True),
])  # fmt: skip
def test_a_command_line_needs_them_if_it_names_one_or_is_not_luigis(command_line, are_needed):
    assert range_tasks.are_needed(command_line) == are_needed


@pytest.mark.parametrize("task", ["Visualize", "RangeDaily"])
def test_luigi_finds_them_by_name_if_they_are_named(task):
    command = [sys.executable, "-c", REGISTERED, LUIGI, "--module", "btc_pipeline", task]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert ended.stdout == f"{task == 'RangeDaily'}\n"
