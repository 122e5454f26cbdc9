"""A damaged manifest of the archive is named, its answer is requested again or left out, and no candle is wrong."""

import pytest

from btc_pipeline.system import files, records
from tests.e2e import published, truth
from tests.e2e.command_line import STEPS
from tests.support import commands
from tests.support.swept import swept

PUBLISHED = "crypto_data.duckdb"
LATER, NEXT_DAY = "2026-05-15T15:30:00Z", "2026-05-16T13:30:00Z"


def flipped(value):
    """A damage: one bit in the text of a value. The manifest is still JSON, and the value is still of its kind."""

    def damage(text):
        position = text.index(value) + len(value) - 1
        return text[:position] + bytes([text[position] ^ 1]) + text[position + 1 :]

    return damage


DAMAGES = {
    "extracted_at": flipped(b'"extracted_at": "2026-05-1'),
    "window_from": flipped(b'"window_from": "2026-05-0'),
    "window_to": flipped(b'"window_to": "2026-05-1'),
    "provenance": flipped(b'"provenance": "SAMPLE (s'),
    "cut": lambda text: text[:-40],
    "empty": lambda _: b"",
}
IN_LONG = ["window_to"]


def manifest_of(pipeline):
    (path,) = (pipeline.sample / "raw/market_chart").rglob("*.manifest.json")
    return path


def damaged(pipeline, damage):
    """Damage the manifest of the day's answer; returns its path."""
    path = manifest_of(pipeline)
    path.chmod(0o644)
    text = path.read_bytes()
    path.write_bytes(damage(text))
    assert path.read_bytes() != text
    return path


def vouched_for(pipeline):
    """Let the record of the day vouch for its files as they are now: as if the damage had come before the record."""
    marker = pipeline.sample / "markers/ExtractAndLoad_2026-05-15.json"
    content = records.read(marker)
    content["files"] = {name: files.sha256(pipeline.sample / name) for name in content["files"]}
    records.write(marker, content)


@pytest.mark.parametrize("damage", ["provenance", "cut"])
def test_an_answer_of_the_day_with_a_damaged_manifest_is_rejected_by_name_and_requested_again(damage, finished):
    path = damaged(finished, DAMAGES[damage])
    vouched_for(finished)
    (finished.sample / "markers/VerifyData_2026-05-15.json").unlink()
    first, second = finished.run("VerifyData"), finished.run("VerifyData")
    assert (first.exit_code, len(first.errors), second.exit_code) == (30, 1, 0), first.stderr + second.stderr
    assert f"the answer of bitcoin is rejected: damaged manifest {path}" in first.errors[0]
    assert "Traceback" not in first.stderr
    assert second.done == STEPS[:2]


@pytest.mark.long
@pytest.mark.parametrize("damage", [*IN_LONG, *swept(name for name in DAMAGES if name not in IN_LONG)])
def test_after_damage_to_the_manifest_of_the_day_s_answer_the_candles_are_true(damage, finished):
    path = damaged(finished, DAMAGES[damage])
    first, second = finished.run("Publish", now=LATER), finished.run("Publish", now=LATER)
    next_day = finished.run("Publish", now=NEXT_DAY)
    assert (first.exit_code, second.exit_code, next_day.exit_code) == (0, 0, 0), first.stderr + next_day.stderr
    assert (first.done, second.done, next_day.done) == (STEPS[:5], [], STEPS[:5])
    assert f"ExtractAndLoad leaves out an answer of the day: damaged manifest {path}" in first.stderr
    candles = published.candles(finished.sample / PUBLISHED)
    assert [candle["status"] for candle in candles] == ["final"] * 8 + ["open"]
    assert truth.wrong_candles(candles) == []


@pytest.mark.long
def test_why_names_a_damaged_manifest_and_does_not_say_that_its_checksum_holds(finished):
    path = damaged(finished, DAMAGES["provenance"])
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(finished.data_dir), "--pipeline-now", LATER)
    said = commands.run("btc-pipeline", ["why", "bitcoin", "2026-05-12", *options])
    assert said.returncode == 0, said.stderr
    assert f"MISSING OR DAMAGED: damaged manifest {path}" in said.stdout
    assert "checksum holds" not in said.stdout
