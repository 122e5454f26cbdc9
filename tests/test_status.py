"""`btc-pipeline status`: what is published by hand, odd records included, is told and never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.published import Published

PROGRAM = Path(sys.executable).with_name("btc-pipeline")


@pytest.fixture
def world(tmp_path):
    """The folder of a world in which something is published."""
    folder = tmp_path / "data" / "sample"
    folder.mkdir(parents=True)
    Published().write(folder / "crypto_data.duckdb")
    return folder


def typed(world, *arguments):
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(world.parent))
    command = [PROGRAM, "status", *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def told(world):
    ended = typed(world, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


# --- Failures on record

WHOLE = {
    "failed_at": "2098-01-01T00:00:00",
    "step": "VerifyData",
    "exit_code": 30,
    "reason": "odd",
    "coins": ["bitcoin"],
}
DAMAGED = [
    {"failed_at": "2099-01-01"},
    {"failed_at": 7},
    WHOLE | {"failed_at": 7},
    WHOLE | {"reason": None},
    WHOLE | {"coins": "bitcoin"},
    [],
]


@pytest.mark.parametrize("record", DAMAGED, ids=str)
@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=str)
def test_a_damaged_record_of_a_failure_is_passed_over(record, arguments, world):
    (world / "failures").mkdir()
    (world / "failures" / "2099.ndjson").write_text(json.dumps(record))
    ended = typed(world, *arguments)
    assert (ended.returncode, ended.stderr, "2099" in ended.stdout) == (0, "", False)


def test_the_newest_whole_record_of_a_failure_is_told(world):
    (world / "failures").mkdir()
    (world / "failures" / "2098.ndjson").write_text(json.dumps(WHOLE | {"source": "CoinGecko"}))
    (world / "failures" / "2099.ndjson").write_text('{"failed_at"')
    assert told(world)["last_failure"] == WHOLE
