"""A data folder that cannot be used as it should: one clear line, its exit code, and what was good stays good."""

import contextlib
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e import disks, published
from tests.e2e.command_line import STEPS, Pipeline
from tests.support.swept import swept

pytestmark = pytest.mark.long

NEXT_DAY = "2026-05-16T13:30:00Z"
PUBLISHED = "sample/crypto_data.duckdb"
CHART = "sample/charts/bitcoin_usd_2026-05-15.png"

needs_disks = pytest.mark.skipif(
    not disks.can_be_made(),
    reason="NOT TESTED on a disk of its own: this user may not mount one (see tests/e2e/disks.py)",
)


def is_one_line(result) -> bool:
    return len(result.errors) == 1 and "Traceback" not in result.stderr + result.stdout


# --- No folder


@pytest.mark.parametrize("place", ["file", "file/data"])
def test_a_data_folder_that_is_or_lies_below_a_file_ends_with_2(place, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    result = Pipeline(tmp_path / place).refused("Visualize")
    assert (result.exit_code, is_one_line(result)) == (2, True), result.stderr


# --- No right to write


def test_a_folder_without_the_right_to_write_ends_with_2(finished):
    for folder in (finished.data_dir, *(path for path in finished.data_dir.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    result = replace(finished, wrapper=disks.without_power()).run("Visualize", now=NEXT_DAY)
    assert (result.exit_code, is_one_line(result)) == (2, True), result.stderr


def test_a_marker_without_the_right_to_read_is_told_and_not_taken_for_missing(finished):
    (finished.sample / "markers/Test_2026-05-15.json").chmod(0o000)
    result = replace(finished, wrapper=disks.without_power()).run("Visualize")
    assert (result.exit_code, is_one_line(result), result.done) == (2, True, []), result.stderr
    assert "Test_2026-05-15.json" in result.errors[0]


@needs_disks
def test_on_a_read_only_disk_a_rerun_with_nothing_to_do_ends_with_0(finished):
    with disks.read_only(finished.data_dir) as disk:
        result = replace(finished, wrapper=disk.enter).run("Visualize")
    assert (result.exit_code, result.stderr) == (0, "")


@needs_disks
def test_on_a_read_only_disk_a_run_with_work_to_do_ends_with_2(finished):
    with disks.read_only(finished.data_dir) as disk:
        result = replace(finished, wrapper=disk.enter).run("Visualize", now=NEXT_DAY)
    assert (result.exit_code, is_one_line(result)) == (2, True), result.stderr


# --- No room


@dataclass(frozen=True, eq=False)
class FullDisk:
    """A disk that is full, but for some bytes, once the step `after` is done; then the next step fails."""

    after: str | None
    leave: int
    exit_code: int

    def __str__(self) -> str:
        return f"full after {self.after}"


FULL_DISKS = [FullDisk("Test", 100_000, 60), FullDisk(None, 500_000, 20)]
each_full_disk = pytest.mark.parametrize("case", swept(FULL_DISKS), ids=str)


@pytest.fixture(scope="module", autouse=True)
def full_disks(first_run, run_ahead, tmp_path_factory):
    """What a run came to on a full disk, whether it left what was good, and what the next run came to with room."""

    def run(case):
        folder = tmp_path_factory.mktemp("disk")
        with disks.small(folder, 48) as disk:
            first_run[0].copy_to(disk.outside / "data")
            pipeline = replace(first_run[0], data_dir=folder / "data", wrapper=disk.enter, now=NEXT_DAY)
            if case.after:
                assert pipeline.run(case.after).exit_code == 0
            disk.fill(leave=case.leave)
            before = published.contents_of(disk.outside / "data" / PUBLISHED, disk.outside / "data" / CHART)
            failed = pipeline.run("Visualize")
            is_untouched = published.contents_of(*before) == before
            disk.make_room()
            healed = pipeline.run("Visualize")
            return failed, is_untouched, healed, published.leftovers(disk.outside / "data")

    return run_ahead(run, FULL_DISKS) if disks.can_be_made() else {}


@needs_disks
@each_full_disk
def test_a_full_disk_ends_with_the_code_of_its_step_and_one_line_that_says_so(case, full_disks):
    failed, *_ = full_disks[case].result()
    assert (failed.exit_code, is_one_line(failed)) == (case.exit_code, True), failed.stderr
    assert "disk is full" in failed.errors[0]


@needs_disks
@each_full_disk
def test_a_full_disk_leaves_the_published_database_and_the_chart_as_they_were(case, full_disks):
    _, is_untouched, *_ = full_disks[case].result()
    assert is_untouched


@needs_disks
@each_full_disk
def test_with_room_again_a_run_goes_on_and_clears_up(case, full_disks):
    _, _, healed, leftovers = full_disks[case].result()
    first_undone = STEPS.index(case.after) + 1 if case.after else 0
    assert (healed.exit_code, healed.done, leftovers) == (0, STEPS[first_undone:], []), healed.stderr


def test_files_that_may_not_grow_end_a_run_with_20_and_one_line(finished):
    """As on a full disk, where none can be made: no file may grow beyond 512 kB or so."""
    before = published.contents_of(finished.data_dir / PUBLISHED, finished.data_dir / CHART)
    limited = replace(finished, wrapper=["sh", "-c", 'ulimit -f 1000 && exec "$@"', "sh"])
    result = limited.run("Visualize", now=NEXT_DAY)
    assert (result.exit_code, is_one_line(result)) == (20, True), result.stderr
    assert published.contents_of(*before) == before


# --- No peace


@contextlib.contextmanager
def opened_by_another(database):
    """A process that has a database open for writing, as a person with DuckDB's own command line may."""
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    command = [sys.executable, "-c", program, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "open\n"
            yield
        finally:
            process.kill()


OPENED = ["cache.duckdb", "work/crypto_data.duckdb"]


@pytest.fixture(scope="module", autouse=True)
def runs_without_peace(first_run, run_ahead, tmp_path_factory):
    """What a run with nothing to do, and that of the next day, came to while another process had the database open."""

    def run(case):
        pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("opened") / "data")
        with opened_by_another(pipeline.sample / case):
            return pipeline.run("Visualize"), pipeline.run("Visualize", now=NEXT_DAY)

    return run_ahead(run, OPENED)


@pytest.mark.parametrize(("case", "exit_code", "done"), [(OPENED[0], 20, []), (OPENED[1], 40, STEPS[:2])])
def test_a_database_that_another_process_has_open_ends_with_the_code_of_its_step(
    case, exit_code, done, runs_without_peace
):
    _, result = runs_without_peace[case].result()
    assert (result.exit_code, is_one_line(result), result.done) == (exit_code, True, done), result.stderr
    assert case in result.errors[0]


@pytest.mark.parametrize("case", OPENED)
def test_a_run_with_nothing_to_do_does_not_ask_for_a_database_that_another_process_has_open(case, runs_without_peace):
    result, _ = runs_without_peace[case].result()
    assert (result.exit_code, result.errors, result.done) == (0, [], []), result.stderr


def test_a_run_in_a_folder_without_luigi_cfg_warns_before_it_makes_its_data_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    luigi = [
        str(Path(sys.executable).with_name("luigi")),
        "--module",
        "btc_pipeline",
        "ExtractAndLoad",
        "--local-scheduler",
    ]
    recordings = ["--pipeline-source=sample", f"--pipeline-recordings={tmp_path}/empty"]  # so that it ends early
    ended, again = (
        subprocess.run([*luigi, *recordings], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        for _ in range(2)
    )
    assert "WARNING there is no luigi.cfg in" in ended.stderr.splitlines()[0], ended.stderr
    assert (tmp_path / "data").is_dir()
    assert "there is no luigi.cfg" not in again.stderr
