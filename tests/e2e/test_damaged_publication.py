"""The published file is edited, damaged, held or gone: no revision is lost, and readers get the right candles again."""

import contextlib
import os
import subprocess
import sys

import duckdb
import pytest

from tests.e2e import published
from tests.e2e.command_line import STEPS, Pipeline
from tests.support.patience import PATIENCE
from tests.support.swept import swept

EARLY, LATE = "2026-05-15T00:05:00Z", "2026-05-16T13:30:00Z"
"""At 00:05 CoinGecko has not settled the day before; a day later it has: so settled candles change."""

PUBLISHED = "crypto_data.duckdb"
EDIT = "update daily_candlestick set close = close + 1, high = high + 1"


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def edited(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"{EDIT}; checkpoint")


def edited_and_killed(path):
    script = f"import os, sys, duckdb; c = duckdb.connect(sys.argv[1]); c.execute('{EDIT}'); os._exit(1)"
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=PATIENCE)
    assert path.with_name(path.name + ".wal").exists()


CHANGES = {
    "a flipped bit": flipped,
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "not of DuckDB": lambda path: path.write_bytes(b"damage" * 10_000),
    "edited": edited,
    "edited, with its log": edited_and_killed,
    "gone": lambda path: path.unlink(),
}
IN_LONG = ["a flipped bit", "edited, with its log"]


@contextlib.contextmanager
def held(path):
    """Another process has the file open for writing; yields its process id."""
    script = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == b"open\n"
        yield program.pid
        program.communicate()


def revisions(pipeline):
    query = "select columns(* exclude (revised_at, build))::varchar from candle_revisions order by all"
    return published.rows(pipeline.sample / PUBLISHED, query)


def writable(pipeline):
    path = pipeline.sample / PUBLISHED
    if path.exists():
        path.chmod(0o644)
    return path


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """A pipeline that has published the day that was not settled. Not to be changed."""
    pipeline = Pipeline(tmp_path_factory.mktemp("early") / "data")
    assert pipeline.run("Publish", now=EARLY).exit_code == 0
    return pipeline


@pytest.fixture(scope="module")
def undisturbed(early, tmp_path_factory):
    """What the next run publishes if nobody has touched the file: candles and revisions."""
    pipeline = early.copy_to(tmp_path_factory.mktemp("undisturbed") / "data")
    assert pipeline.run("Publish", now=LATE).exit_code == 0
    found = revisions(pipeline)
    assert found
    return published.candles_as_text(pipeline.sample / PUBLISHED), found


@pytest.mark.long
@pytest.mark.parametrize("change", [*IN_LONG, *swept(name for name in CHANGES if name not in IN_LONG)])
def test_the_next_day_s_run_finds_all_revisions_whatever_became_of_the_file(change, early, undisturbed, tmp_path):
    pipeline = early.copy_to(tmp_path / "data")
    CHANGES[change](path := writable(pipeline))
    first, second = pipeline.run("Publish", now=LATE), pipeline.run("Publish", now=LATE)
    assert (first.exit_code, first.done, second.exit_code, second.done) == (0, STEPS[:5], 0, []), first.stderr
    (warning,) = [line for line in first.stderr.splitlines() if "WARNING" in line]
    assert f"does not use the published file {path}" in warning
    assert "own copy of the last version is taken instead" in warning
    assert (published.candles_as_text(path), revisions(pipeline)) == undisturbed


@pytest.mark.long
def test_a_program_that_holds_the_file_for_writing_is_named_and_the_next_run_heals(early, undisturbed, tmp_path):
    pipeline = early.copy_to(tmp_path / "data")
    with held(writable(pipeline)) as pid:
        first = pipeline.run("Publish", now=LATE)
    assert (first.exit_code, len(first.errors)) == (40, 1), first.stderr
    for part in (f"(PID {pid})", "python", "is open for writing", "Next: close it there"):
        assert part in first.errors[0]
    second, third = pipeline.run("Publish", now=LATE), pipeline.run("Publish", now=LATE)
    assert (second.exit_code, third.exit_code, third.done) == (0, 0, []), second.stderr
    assert (published.candles_as_text(pipeline.sample / PUBLISHED), revisions(pipeline)) == undisturbed


@pytest.mark.parametrize("change", [edited, edited_and_killed])
def test_a_rerun_after_an_edit_publishes_anew_and_the_one_after_it_does_nothing(change, finished):
    path = writable(finished)
    right = published.candles_as_text(path)
    change(path)
    first, second = finished.run("Publish"), finished.run("Publish")
    assert (first.exit_code, first.done, second.exit_code, second.done) == (0, ["Publish"], 0, []), first.stderr
    assert published.candles_as_text(path) == right
