"""`btc-pipeline show`: each published table, in each format, into a file that may be written and no other."""

import csv
import io
import os
from pathlib import Path

import pytest

from btc_pipeline.commands import show
from btc_pipeline.errors import ConfigurationError
from tests.support import published_world
from tests.visualize.report.published import CONTRACT, Published


@pytest.fixture
def workspace(tmp_path):
    """The folder of a workspace in which something is published."""
    return published_world.made_in(tmp_path)


def typed(workspace, *arguments):
    return published_world.typed(workspace, "show", *arguments)


# --- Where it may be written


def refused(path, data_dir):
    with pytest.raises(ConfigurationError) as caught:
        show.checked_output(path, data_dir)
    return str(caught.value)


def test_a_device_is_not_replaced(tmp_path):
    assert "it is not a regular file" in refused(Path(os.devnull), tmp_path)


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "it is not a regular file" in refused(tmp_path / "pipe", tmp_path / "data")


@pytest.mark.parametrize("target", ["there.csv", "nowhere.csv"])
def test_a_symlink_is_not_replaced(target, tmp_path):
    (tmp_path / "there.csv").touch()
    (tmp_path / "link.csv").symlink_to(target)
    assert "it is not a regular file" in refused(tmp_path / "link.csv", tmp_path / "data")


@pytest.mark.parametrize("name", ["sample/crypto_data.duckdb", "sample/new.csv", "live/raw/new.csv"])
def test_nothing_is_written_into_the_pipeline_s_own_folders(name, workspace):
    (workspace.parent / name).parent.mkdir(parents=True, exist_ok=True)
    assert "the pipeline's own" in refused(workspace.parent / name, workspace.parent)


def test_nothing_is_written_into_them_by_way_of_a_symlink(workspace, tmp_path):
    (tmp_path / "elsewhere").symlink_to(workspace)
    assert "the pipeline's own" in refused(tmp_path / "elsewhere" / "new.csv", workspace.parent)


@pytest.mark.parametrize("name", ["candles.csv", "data/candles.csv"])
def test_a_file_that_is_there_may_be_replaced(name, workspace, tmp_path):
    (tmp_path / name).touch()
    assert show.checked_output(tmp_path / name, workspace.parent) == tmp_path / name


def test_the_published_database_survives_an_output_of_its_name(workspace):
    database = workspace / "crypto_data.duckdb"
    before = database.read_bytes()
    ended = typed(workspace, "--format", "csv", "--output", str(database))
    assert (ended.returncode, len(ended.stderr.splitlines()), database.read_bytes() == before) == (2, 1, True)


def test_the_output_named_by_a_hyphen_is_standard_output(workspace):
    assert typed(workspace, "--format", "csv", "-o", "-").stdout == typed(workspace, "--format", "csv").stdout


def test_parquet_does_not_go_to_standard_output(workspace):
    ended = typed(workspace, "--format", "parquet", "-o", "-")
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)


# --- What is shown


@pytest.mark.parametrize("table", sorted(CONTRACT))
def test_each_table_of_the_contract_can_be_shown(table):
    assert table in show.TABLES


@pytest.mark.parametrize("kind", ["table", "csv", "json"])
def test_the_tables_about_the_run_know_no_coin_and_no_day(kind, workspace):
    ended = typed(workspace, "bitcoin", "--from", "2026-05-15", "--table", "run_checks", "--format", kind)
    assert (ended.returncode, ended.stderr, "singular:assert_it_is_so" in ended.stdout) == (0, "", True)


def test_steps_are_shown_in_the_order_in_which_they_were_done(workspace):
    steps = [{"step": name, "started_at": "2026-05-15 14:42:00"} for name in ("VerifyData", "Transform", "Test")]
    Published(tables={"run_steps": steps}).write(workspace / "crypto_data.duckdb")
    shown = csv.DictReader(io.StringIO(typed(workspace, "--table", "run_steps", "--format", "csv").stdout))
    assert [row["step"] for row in shown] == ["VerifyData", "Transform", "Test"]


def test_csv_without_rows_has_the_line_of_names(workspace):
    shown = typed(workspace, "--table", "price_gaps", "--format", "csv").stdout
    assert shown == ",".join(CONTRACT["price_gaps"]) + "\n"


# --- The format of an output


def written(workspace, name, *arguments):
    path = workspace.parent.parent / name
    ended = typed(workspace, *arguments, "--output", str(path))
    return ended, path


@pytest.mark.parametrize("kind", ["table", "csv", "json"])
def test_the_name_of_an_output_says_its_format(kind, workspace):
    ending = "txt" if kind == "table" else kind
    ended, path = written(workspace, f"week.{ending.upper()}")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert path.read_text() == typed(workspace, "--format", kind).stdout


def test_the_name_says_parquet_too(workspace):
    _, path = written(workspace, "week.parquet")
    assert path.read_bytes()[:4] == b"PAR1"


def test_a_format_wins_over_the_name(workspace):
    _, path = written(workspace, "week.data", "--format", "csv")
    assert path.read_text() == typed(workspace, "--format", "csv").stdout


@pytest.mark.parametrize("name", ["week.xlsx", "week", "week.csv.gz", ".csv", "week."])
def test_a_name_that_says_no_format_is_refused(name, workspace):
    ended, path = written(workspace, name)
    assert (ended.returncode, len(ended.stderr.splitlines()), path.exists()) == (2, 1, False)
    assert ".parquet" in ended.stderr.partition("Next: ")[0]


# --- No rows


@pytest.mark.parametrize(("kind", "empty"), [("table", ""), ("json", "[]\n")])
def test_without_rows_stderr_says_which_there_are(kind, empty, workspace):
    ended = typed(workspace, "bitcoin", "--from", "2030-01-01", "--format", kind)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (0, empty, 1)
    days = [row["date"] for row in csv.DictReader(io.StringIO(typed(workspace, "--format", "csv").stdout))]
    words = f"no rows: daily_candlestick of bitcoin has {len(days)} rows, from {min(days)} to {max(days)}"
    assert words in ended.stderr


def test_of_an_empty_table_stderr_says_that_it_is_empty(workspace):
    ended = typed(workspace, "--table", "price_gaps")
    assert (ended.stdout, "no rows: price_gaps is empty" in ended.stderr) == ("", True)


def test_a_gap_is_said_to_end_where_it_ends(workspace):
    gap = {"coin_id": "bitcoin", "vs_currency": "usd", "gap_from": "2026-05-09 22:00", "gap_to": "2026-05-10 02:00"}
    Published(tables={"price_gaps": [gap]}).write(workspace / "crypto_data.duckdb")
    ended = typed(workspace, "--table", "price_gaps", "--to", "2026-01-01")
    assert "price_gaps has 1 row, from 2026-05-09 to 2026-05-10" in ended.stderr
