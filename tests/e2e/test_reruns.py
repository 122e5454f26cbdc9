"""What reruns what: exactly the steps that depend on what is gone, damaged or changed, and no other."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from tests.e2e import published
from tests.e2e.command_line import STEPS, copy_of_project
from tests.support.swept import swept

TRANSFORM_ON, TEST_ON, PUBLISH_ON, VISUALIZE = STEPS[2:], STEPS[3:], STEPS[4:], STEPS[5:]
CHART = "charts/bitcoin_usd_2026-05-15.png"
REPORT = "report/2026-05-15.html"
PUBLISHED = "crypto_data.duckdb"
WORK = "work/crypto_data.duckdb"
CACHE = "cache.duckdb"


# --- What is done again, told without doing it


def write_garbage(path: Path) -> None:
    path.write_bytes(b'{"format": 1, "files"')


def make_foreign(path: Path) -> None:
    """A marker as another version would write it."""
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 999}))


@pytest.mark.parametrize("step", ["VerifyData", "Test", "Publish", "Visualize"])
def test_without_its_marker_a_step_and_those_after_it_are_pending(step, finished):
    (finished.sample / f"markers/{step}_2026-05-15.json").unlink()
    assert finished.pending() == STEPS[STEPS.index(step) :]


@pytest.mark.parametrize("damage", [write_garbage, make_foreign])
def test_a_marker_that_cannot_be_understood_vouches_for_nothing(damage, finished):
    damage(finished.sample / "markers/Test_2026-05-15.json")
    assert finished.pending() == TEST_ON


def flip_a_bit_of_its_facts(path: Path) -> None:
    written = path.read_bytes()
    place = written.index(b'"pass"') + 1
    path.write_bytes(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])


@pytest.mark.parametrize("damage", [Path.unlink, flip_a_bit_of_its_facts])
def test_results_of_tests_that_are_gone_or_damaged_are_never_published(damage, finished):
    damage(finished.sample / "markers/tested.json")
    (finished.sample / "markers/Publish_2026-05-15.json").unlink()
    assert finished.pending() == TEST_ON


def test_a_published_file_that_nothing_vouches_for_is_pending(finished):
    (finished.sample / "markers/published.json").unlink()
    assert finished.pending() == PUBLISH_ON


@pytest.mark.parametrize(("database", "table", "steps"), [
    (CACHE, "raw.pipeline_markers", STEPS),
    (WORK, "pipeline.markers", TRANSFORM_ON),
])  # fmt: skip
def test_a_table_without_its_marker_row_is_pending(database, table, steps, finished):
    with duckdb.connect(str(finished.sample / database)) as connection:
        connection.execute(f"delete from {table}")
    assert finished.pending() == steps


@pytest.mark.parametrize(("database", "change", "steps"), [
    (CACHE, "delete from raw.market_chart", STEPS),
    (CACHE, "drop table raw.market_chart", STEPS),
    (WORK, "update main.daily_candlestick set high = high + 1 where date = '2026-05-10'", TRANSFORM_ON),
    (WORK, "delete from main.daily_candlestick where date = '2026-05-10'", TRANSFORM_ON),
    (WORK, "drop table main.daily_candlestick", TRANSFORM_ON),
    (PUBLISHED, "update main.daily_candlestick set high = high + 1 where date = '2026-05-10'", PUBLISH_ON),
])  # fmt: skip
def test_a_table_that_was_changed_by_hand_is_pending(database, change, steps, finished):
    with duckdb.connect(str(finished.sample / database)) as connection:
        connection.execute(change)
    assert finished.pending() == steps


@pytest.mark.parametrize("stream", ["market_chart", "market_chart_5m", "ohlc"])
def test_an_answer_that_is_gone_from_the_archive_makes_all_pending(stream, finished):
    (answer,) = (finished.sample / "raw" / stream).rglob("*.json.gz")
    answer.unlink()
    assert finished.pending() == STEPS


def test_an_answer_that_was_changed_in_the_archive_makes_all_pending(finished):
    (answer,) = (finished.sample / "raw/market_chart").rglob("*.json.gz")
    answer.chmod(0o644)
    answer.write_bytes(answer.read_bytes()[:-1])
    assert finished.pending() == STEPS


@pytest.mark.parametrize(("option", "steps"), [
    ("--pipeline-coins=ethereum", STEPS),
    ("--pipeline-coins=bitcoin,ethereum", STEPS),
    ("--pipeline-vs-currency=eur", STEPS),
    ("--pipeline-vs-currency=usd,eur", STEPS),
    ("--pipeline-days=6", STEPS),
    ("--pipeline-five-minute-points=false", STEPS),
    ("--pipeline-max-age-hours=7", STEPS[1:]),
    ("--chart-style=dark", VISUALIZE),
    ("--chart-moving-averages=none", VISUALIZE),
])  # fmt: skip
def test_a_changed_setting_makes_the_steps_pending_that_depend_on_it(option, steps, first_run):
    pipeline, _ = first_run
    assert pipeline.pending("Visualize", option) == steps


def test_settings_that_no_output_depends_on_make_nothing_pending(first_run):
    pipeline, _ = first_run
    waits = ["--coingecko-timeout-seconds=5", "--coingecko-retries=2", "--coingecko-max-wait-seconds=10"]
    options = [*waits, "--coingecko-deadline-seconds=60", "--pipeline-max-age-hours=6.0"]
    assert pipeline.pending("Visualize", *options) == []


def test_a_later_hour_of_the_same_day_makes_nothing_pending(first_run):
    pipeline, _ = first_run
    assert pipeline.pending("Visualize", "--pipeline-now=2026-05-15T20:00:00Z") == []


def test_another_day_is_pending(first_run):
    pipeline, _ = first_run
    assert pipeline.pending("Visualize", "--date=2026-05-14") == STEPS


def test_data_that_were_moved_elsewhere_are_still_done(finished):
    assert finished.pending() == []


# --- Code and models


@pytest.fixture
def changeable(first_run, tmp_path):
    """A copy of the project, on data that the original made."""
    pipeline, _ = first_run
    return replace(pipeline, project=copy_of_project(tmp_path / "project"))


def test_the_same_code_in_another_folder_makes_nothing_pending(changeable):
    assert changeable.pending() == []


@pytest.mark.parametrize(("file", "steps"), [
    ("btc_pipeline/coingecko/connector/manifest.yaml", STEPS),
    ("btc_pipeline/coingecko/connector/components.py", STEPS),
    ("btc_pipeline/verify/gate.py", STEPS[1:]),
    ("btc_pipeline/transform/loader.py", TRANSFORM_ON),
    ("dbt_project/models/staging/_sources.yml", TRANSFORM_ON),
    ("dbt_project/macros/granularity.sql", TRANSFORM_ON),
    ("dbt_project/dbt_project.yml", TRANSFORM_ON),
    ("dbt_project/tests/assert_something_new.sql", TEST_ON),
    ("btc_pipeline/publish/swap.py", PUBLISH_ON),
    ("btc_pipeline/visualize/chart/coin_chart.py", VISUALIZE),
    ("btc_pipeline/visualize/report/assets/style.css", VISUALIZE),
    ("btc_pipeline/errors.py", []),
    ("luigi.cfg", []),
])  # fmt: skip
def test_a_changed_file_makes_the_steps_pending_that_depend_on_it(file, steps, changeable):
    with (changeable.project / file).open("a") as source:
        source.write("\n")
    assert changeable.pending() == steps


# --- What is done again, by doing it


@dataclass(frozen=True, eq=False)
class Loss:
    """Something that happens to a finished run's data; a run of `until` then has to do the `steps` again."""

    name: str
    happen: Callable[[Path], None]
    steps: list[str]
    until: str = "Publish"

    def __str__(self) -> str:
        return self.name


def overwrite(path: Path, start: int) -> None:
    """Noise from `start` to the end."""
    content = path.read_bytes()
    noise = random.Random(start).randbytes(len(content) - start)
    path.write_bytes(content[:start] + noise)


def empty(path: Path) -> None:
    path.write_bytes(b"")


HEADERS, BLOCK = 3 * 4096, 256 * 1024  # of a DuckDB file, in bytes; the blocks follow the headers

LOSSES = [
    Loss("damaged chart", lambda sample: overwrite(sample / CHART, 1000), VISUALIZE, until="Visualize"),
    Loss("empty published database", lambda sample: empty(sample / PUBLISHED), ["Publish"]),
    Loss("deleted working database", lambda sample: (sample / WORK).unlink(), TRANSFORM_ON, until="Visualize"),
    Loss("noise in the cache", lambda sample: overwrite(sample / CACHE, HEADERS), STEPS[:2], until="VerifyData"),
]
MORE_LOSSES = [
    Loss("damaged report", lambda sample: overwrite(sample / REPORT, 1000), VISUALIZE, until="Visualize"),
    Loss("deleted report", lambda sample: (sample / REPORT).unlink(), VISUALIZE, until="Visualize"),
    Loss("deleted chart", lambda sample: (sample / CHART).unlink(), VISUALIZE, until="Visualize"),
    Loss("deleted published database", lambda sample: (sample / PUBLISHED).unlink(), PUBLISH_ON, until="Visualize"),
    Loss("noise in the published database", lambda sample: overwrite(sample / PUBLISHED, HEADERS), ["Publish"]),
    Loss("noise in the working database", lambda sample: overwrite(sample / WORK, HEADERS), STEPS[2:5]),
    Loss("empty working database", lambda sample: empty(sample / WORK), STEPS[2:5]),
    Loss("deleted cache", lambda sample: (sample / CACHE).unlink(), STEPS, until="Visualize"),
    Loss("empty cache", lambda sample: empty(sample / CACHE), STEPS[:2], until="VerifyData"),
]
each_loss = pytest.mark.parametrize("case", [*LOSSES, *swept(MORE_LOSSES)], ids=str)


@pytest.fixture(scope="module", autouse=True)
def reruns(first_run, run_ahead, tmp_path_factory):
    """What came of each loss; the runs go on beside the other tests."""
    pipeline, _ = first_run

    def rerun(loss):
        damaged = pipeline.copy_to(tmp_path_factory.mktemp("rerun") / "data")
        loss.happen(damaged.sample)
        return damaged, damaged.run(loss.until)

    return run_ahead(rerun, [*LOSSES, *MORE_LOSSES])


@each_loss
def test_a_loss_reruns_exactly_the_steps_that_depend_on_it(case, reruns):
    _, result = reruns[case].result()
    assert (result.exit_code, result.done) == (0, case.steps), result.stderr


@each_loss
def test_after_a_loss_and_a_rerun_the_published_candles_are_the_same(case, reruns, first_run):
    healed, _ = reruns[case].result()
    pipeline, _ = first_run
    assert published.candles_as_text(healed.sample / PUBLISHED) == published.candles_as_text(
        pipeline.sample / PUBLISHED
    )


# --- Damage that only the next day's run meets


def block_of_airbytes_state(connection) -> int:
    query = "select max(block_id) from pragma_storage_info('raw._airbyte_state')"
    return int(connection.execute(query).fetchall()[0][0])


def block_of_an_index(connection) -> int:
    """A block that belongs to no column and is no metadata: DuckDB reads it for a write, and for no select."""
    tables = connection.execute("select format('{}.{}', schema_name, table_name) from duckdb_tables()").fetchall()
    of_columns = [f"select block_id, additional_block_ids from pragma_storage_info('{table}')" for (table,) in tables]
    known = {block for (block,) in connection.execute("select block_id from pragma_metadata_info()").fetchall()}
    for query in of_columns:
        for block, more in connection.execute(query).fetchall():
            known |= {block, *(more or [])}
    ((number,),) = connection.execute("select total_blocks from pragma_database_size()").fetchall()
    return max(set(range(number)) - known)


@pytest.mark.parametrize("block_of", [block_of_airbytes_state, block_of_an_index])
def test_damage_in_a_part_of_the_cache_that_only_airbyte_uses_is_healed_by_the_next_run(block_of, finished):
    with duckdb.connect(str(finished.sample / CACHE), read_only=True) as connection:
        block = block_of(connection)
    with (finished.sample / CACHE).open("r+b") as file:
        file.seek(HEADERS + block * BLOCK + 1000)
        file.write(b"damage")
    result = finished.run("VerifyData", now="2026-05-16T13:30:00Z")
    assert (result.exit_code, result.done) == (0, STEPS[:2]), result.stderr


# --- Which workspace was the last one


def test_a_run_that_finds_all_done_is_the_last_run_too(finished):
    (finished.data_dir / "latest").unlink()
    (finished.data_dir / "latest").symlink_to("live")
    rerun = finished.run()
    assert rerun.exit_code == 0, rerun.stderr
    assert (finished.data_dir / "latest").readlink() == Path("sample")


def test_a_pointer_that_cannot_be_written_does_not_end_a_run(finished):
    (finished.data_dir / "latest").unlink()
    (finished.data_dir / "latest/kept").mkdir(parents=True)
    rerun = finished.run()
    assert rerun.exit_code == 0
    assert "the workspace of this run is not noted" in rerun.stderr


# --- A span of days by Luigi


def test_the_stop_of_luigi_s_span_of_days_is_not_run_and_luigi_does_not_warn(finished):
    span = "--of=Visualize", "--start=2026-05-15", "--stop=2026-05-16", "--days-back=10000"
    result = finished.run("RangeDaily", *span)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
