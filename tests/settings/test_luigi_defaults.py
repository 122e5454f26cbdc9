"""What holds without a luigi.cfg, and that each key of a luigi.cfg wins."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.settings import luigi_defaults

ROOT = Path(__file__).resolve().parents[2]
ASKED = """
import btc_pipeline
import luigi.interface, luigi.retcodes, luigi.worker
codes, core = luigi.retcodes.retcode(), luigi.interface.core()
print(codes.task_failed, codes.missing_data, luigi.worker.worker().check_complete_on_run, core.no_lock)
"""


def asked(folder: Path, **environment: str) -> list[str]:
    """What a process in the folder is told by Luigi itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LUIGI_")}
    ended = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=folder, env=kept | environment, capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


def test_without_a_luigi_cfg_luigi_has_our_defaults(tmp_path):
    assert asked(tmp_path) == ["1", "1", "True", "True"]


def test_a_key_of_a_luigi_cfg_wins_and_the_others_stay(tmp_path):
    (tmp_path / "luigi.cfg").write_text("[retcode]\ntask_failed = 77\n[worker]\ncheck_complete_on_run = false\n")
    assert asked(tmp_path) == ["77", "1", "False", "True"]


def test_a_key_of_the_file_that_the_environment_names_wins(tmp_path):
    named = tmp_path / "mine.cfg"
    named.write_text("[retcode]\nmissing-data = 78\n")
    folder = tmp_path / "empty"
    folder.mkdir()
    assert asked(folder, LUIGI_CONFIG_PATH=str(named)) == ["1", "78", "True", "True"]


@pytest.mark.parametrize("section", luigi_defaults.DEFAULTS)
def test_the_luigi_cfg_of_the_repository_says_the_same(section):
    written = configparser.ConfigParser()
    written.read(ROOT / "luigi.cfg")
    told = {key: value for key, value in written[section].items() if key != "autoload_range"}
    assert told == luigi_defaults.DEFAULTS[section]
