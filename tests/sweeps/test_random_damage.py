"""Bytes changed or cut off at random in any file of the data: the next run, or the one after it, makes true candles."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import published, truth
from tests.e2e.command_line import Result
from tests.e2e.published import Row
from tests.sweeps.rounds import ROUNDS

pytestmark = pytest.mark.turn("harm at any moment", "damage")

NEXT_DAY = "2026-05-16T13:30:00Z"


@dataclass(frozen=True)
class Outcome:
    """What was damaged, and how; what two runs on the next day came to, and what readers find then."""

    damage: str
    first: Result
    second: Result
    candles: list[Row]


@pytest.fixture(scope="module", autouse=True)
def outcomes(first_run, run_ahead, tmp_path_factory):
    def run(case):
        pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("damage") / "data")
        done = damage(pipeline.sample, case.lot())
        first = pipeline.run("Publish", now=NEXT_DAY)
        second = pipeline.run("Publish", now=NEXT_DAY)
        return Outcome(done, first, second, published.candles(pipeline.sample / "crypto_data.duckdb"))

    return run_ahead(run, ROUNDS)


def damage(folder: Path, lot) -> str:
    """Change some bytes of a file, or cut it off."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "dbt" not in path.parts)
    databases = [path for path in files if path.suffix == ".duckdb"]
    file = lot.choice(databases if lot.random() < 0.7 else files)
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    at = lot.randrange(len(content) or 1)
    if lot.random() < 0.3:
        file.write_bytes(content[:at])
        return f"{file.relative_to(folder)} cut off at {at}"
    size = lot.choice([1, 16, 4096, 300_000])
    content[at : at + size] = lot.randbytes(len(content[at : at + size]))
    file.write_bytes(content)
    return f"{file.relative_to(folder)}: {size} bytes at {at}"


@pytest.mark.parametrize("case", ROUNDS, ids=lambda case: f"SWEEP_SEED={case.seed}")
def test_damage_anywhere_never_makes_a_wrong_candle_and_heals(case, outcomes):
    outcome = outcomes[case].result()
    print(f"{outcome.damage}\n{outcome.first.stderr}\nand then\n{outcome.second.stderr}")  # shown if it fails
    assert len(outcome.first.errors) == (outcome.first.exit_code != 0)
    assert "Traceback" not in outcome.first.stderr
    assert outcome.second.exit_code == 0
    assert truth.wrong_candles(outcome.candles) == []
    assert [row["status"] for row in outcome.candles] == ["final"] * 8 + ["open"]
