"""What a run shows at its end, and the commands that look: on a finished run, beside one, and on an empty folder."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from btc_pipeline.system import lock
from tests.e2e import published
from tests.e2e.command_line import NOW, STEPS, Pipeline
from tests.support import commands, pseudo_terminal
from tests.support.patience import PATIENCE

PROGRAM = Path(sys.executable).with_name("btc-pipeline")
CHART = "sample/charts/bitcoin_usd_2026-05-15.png"


def options(pipeline):
    return "--pipeline-source", "sample", "--pipeline-data-dir", str(pipeline.data_dir), "--pipeline-now", NOW


def typed(pipeline, *arguments):
    """Exit code, stdout, stderr of a command; its arguments come last, and win."""
    run = commands.typed if arguments[0] == "run" else commands.run
    ended = run("btc-pipeline", [arguments[0], *options(pipeline), *arguments[1:]])
    return ended.returncode, ended.stdout, ended.stderr


def told(pipeline, *arguments):
    code, stdout, stderr = typed(pipeline, *arguments, "--json")
    assert code == 0, stderr
    return json.loads(stdout)


def undo(pipeline, *steps):
    for step in steps:
        (pipeline.sample / f"markers/{step}_2026-05-15.json").unlink()


# --- The summary of a run of Luigi's command line


def test_a_run_shows_each_candle_with_its_certificate(first_run):
    _, result = first_run
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("2026-05-")]
    assert [(row[0], row[-1]) for row in rows] == [
        *((f"2026-05-{day:02d}", "final") for day in range(8, 15)),
        ("2026-05-15", "open"),
    ]
    assert {row[-2][-1] for row in rows} == {"%"}


@pytest.mark.parametrize("words", ["SAMPLE: not live market data", *STEPS, CHART, "sample/crypto_data.duckdb"])
def test_a_run_shows_that_it_is_a_sample_its_steps_and_where_all_lies(words, first_run):
    assert words in first_run[1].stdout


def test_a_run_with_nothing_to_do_shows_nothing(finished):
    assert finished.run().stdout == ""


def test_the_summary_as_json_is_one_object_and_nothing_else(finished):
    undo(finished, "Visualize")
    shown = json.loads(finished.run("Visualize", "--pipeline-summary=json").stdout)
    assert (shown["is_sample"], len(shown["candles"])) == (True, 8)
    assert {step["step"]: step["outcome"] for step in shown["steps"]} == {
        **dict.fromkeys(STEPS, "done already"),
        "Visualize": "done",
    }
    assert shown["charts"] == {"bitcoin/usd": str(finished.data_dir / CHART)}


def test_without_a_summary_nothing_is_shown(finished):
    undo(finished, "Visualize")
    result = finished.run("Visualize", "--pipeline-summary=none")
    assert (result.done, result.stdout) == (["Visualize"], "")


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| true"])
def test_a_summary_that_cannot_be_written_leaves_the_exit_code(redirection, finished):
    undo(finished, "Visualize")
    wrapper = ("bash", "-c", f'"$@" {redirection}; exit "${{PIPESTATUS[0]}}"', "bash")
    result = replace(finished, wrapper=wrapper).run()
    assert (result.exit_code, result.done, "Traceback" in result.stderr) == (0, ["Visualize"], False)


def test_a_failure_says_how_far_the_run_came_and_which_chart_is_still_there(finished):
    shutil.copytree(finished.sample, finished.data_dir / "live")
    nobody = ("--coingecko-base-url", "http://127.0.0.1:9", "--coingecko-retries", "0")
    result = replace(finished, options=nobody).run()
    last = result.stderr.splitlines()[-1]
    assert (result.exit_code, result.stdout) == (20, "")
    assert "ExtractAndLoad failed; done before it: nothing" in last
    assert str(finished.data_dir / "live/charts/bitcoin_usd_2026-05-15.png") in last


# --- btc-pipeline run


def test_run_shows_the_candles_when_there_is_nothing_to_do(finished):
    code, stdout, stderr = typed(finished, "run")
    assert (code, stderr, "all done already" in stdout) == (0, "", True)


def test_run_quietly_says_nothing(finished):
    undo(finished, "Visualize")
    assert typed(finished, "run", "--quiet") == (0, "", "")


@pytest.mark.long
def test_a_coin_that_was_left_out_is_named_and_the_others_are_shown(finished):
    code, stdout, _ = typed(finished, "run", "--pipeline-coins", "bitcoin,nosuchcoin")
    assert (code, "skipped   nosuchcoin/usd: " in stdout, "2026-05-14" in stdout) == (20, True, True)


@pytest.mark.long
def test_many_coins_are_a_line_each(finished):
    code, stdout, _ = typed(finished, "run", "--pipeline-coins", "bitcoin,nosuchcoin,notthis,northis", "--quiet")
    assert (code, stdout) == (20, "")
    code, stdout, _ = typed(finished, "run", "--pipeline-coins", "bitcoin,nosuchcoin,notthis,northis")
    assert (code, len([line for line in stdout.splitlines() if line.startswith("bitcoin/usd")])) == (20, 1)


def test_a_terminal_shows_the_candles_drawn_and_in_colours(finished):
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    shown = pseudo_terminal.shown([PROGRAM, "run", *options(finished)], environment)
    assert ("█" in shown, "\x1b[" in shown) == (True, True)


@pytest.mark.long
def test_a_terminal_shows_how_far_the_long_steps_are(first_run, tmp_path):
    pipeline = first_run[0].copy_to(tmp_path / "data")
    (pipeline.sample / "work/crypto_data.duckdb").unlink()
    command = [PROGRAM, "run", *options(pipeline), "--pipeline-coins", "bitcoin,ethereum"]
    shown = pseudo_terminal.shown(command, os.environ | {"TERM": "xterm", "COLUMNS": "80"}, stream="stderr")
    done = {step: re.findall(rf"{step} .*?(\d+)/(\d+)", shown)[-1] for step in ("Transform", "Visualize")}
    assert done == {"Transform": (done["Transform"][1],) * 2, "Visualize": ("4", "4")}


@pytest.mark.long
def test_ctrl_c_ends_with_130_without_a_traceback(tmp_path):
    pipeline = Pipeline(tmp_path / "data")
    command = [PROGRAM, "run", *options(pipeline)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "ExtractAndLoad done" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in stderr) == (130, False), stderr


# --- status


def test_status_of_a_finished_run_has_each_step_done(first_run):
    states = {step["step"]: step["state"] for step in told(first_run[0], "status")["steps"]}
    assert states == dict.fromkeys(STEPS, "done")


def test_status_tells_which_steps_would_run_and_why(finished):
    undo(finished, "Publish")
    steps = {step["step"]: (step["state"], step["reason"]) for step in told(finished, "status")["steps"]}
    assert steps["Test"] == ("done", "")
    assert steps["Publish"] == ("would run", "not done for this day yet")
    assert steps["Visualize"] == ("would run", "after Publish")


@pytest.mark.parametrize(("hours", "is_fresh"), [("1", True), ("9", False)])
def test_status_tells_whether_the_newest_price_is_fresh(hours, is_fresh, first_run):
    later = NOW.replace("T13", f"T{13 + int(hours):02d}")
    shown = told(first_run[0], "status", "--pipeline-now", later)
    assert shown["published"]["is_fresh"] == is_fresh


def test_status_counts_the_candles_by_their_status(first_run):
    assert told(first_run[0], "status")["published"]["candles"] == {"final": 7, "open": 1}


def test_status_touches_nothing(finished):
    before = published.files_of(finished.data_dir)
    assert typed(finished, "status")[0] == 0
    assert published.files_of(finished.data_dir) == before


def test_status_of_an_empty_folder_says_what_to_type(tmp_path):
    code, stdout, _ = typed(Pipeline(tmp_path / "data"), "status")
    assert (code, "nothing yet. Next: make run" in stdout, list(tmp_path.iterdir())) == (0, True, [])


@pytest.mark.parametrize("command", ["status", "show"])
def test_who_asks_for_live_prices_is_told_that_a_sample_is_there(command, first_run):
    code, stdout, stderr = typed(first_run[0], command, "--pipeline-source", "live")
    assert "to see the SAMPLE that is there: --sample" in stdout + stderr, code


@pytest.mark.long
def test_status_tells_of_a_failure_since_the_publication(finished):
    later = ("--pipeline-now", NOW.replace("T13", "T14"))
    assert typed(finished, "run", "--pipeline-coins", "nosuchcoin", *later)[0] == 20
    failure = told(finished, "status", *later)["last_failure"]
    assert (failure["step"], failure["exit_code"], failure["coins"]) == ("ExtractAndLoad", 20, ["nosuchcoin"])


def test_status_beside_a_run_says_who_is_at_work(finished):
    lock.hold_and_sign(finished.sample / ".lock")
    shown = told(finished, "status")
    assert shown["at_work"]["pid"] == os.getpid()
    assert {step["state"] for step in shown["steps"]} == {"unknown"}


@pytest.mark.long
def test_status_beside_a_run_says_how_far_it_is(finished):
    undo(finished, "VerifyData")
    (finished.sample / "work/crypto_data.duckdb").unlink()
    with finished.started("Visualize") as running:
        running.wait_for("VerifyData")
        states = [step["state"] for step in told(finished, "status")["steps"]]
        assert running.wait().exit_code == 0
    assert states == ["done", "done", "at work", "would run", "would run", "would run"]


# --- show


def test_show_gives_csv_that_is_exact(first_run):
    pipeline, _ = first_run
    rows = list(csv.DictReader(io.StringIO(typed(pipeline, "show", "--format", "csv")[1])))
    candles = published.candles(pipeline.sample / "crypto_data.duckdb")
    assert [float(row["close"]) for row in rows] == [candle["close"] for candle in candles]
    assert {row["last_point_at"][-1] for row in rows} == {"Z"}


def test_show_gives_json_of_the_days_that_are_asked_for(first_run):
    asked = ("show", "bitcoin", "--from", "2026-05-09", "--to", "2026-05-10", "--format", "json")
    assert [row["date"] for row in json.loads(typed(first_run[0], *asked)[1])] == ["2026-05-09", "2026-05-10"]


def test_show_writes_parquet_with_instants_in_utc(first_run, tmp_path):
    file = tmp_path / "candles.parquet"
    assert typed(first_run[0], "show", "--format", "parquet", "--output", str(file)) == (0, "", "")
    with duckdb.connect() as connection:
        types = {name: kind for name, kind, *_ in connection.execute(f"describe from '{file}'").fetchall()}
        ((number,),) = connection.execute(f"select count(*) from '{file}'").fetchall()
    assert (number, types["last_point_at"], types["date"]) == (8, "TIMESTAMP WITH TIME ZONE", "DATE")


def test_show_leaves_nothing_beside_its_file(first_run, tmp_path):
    typed(first_run[0], "show", "--format", "csv", "--output", str(tmp_path / "candles.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["candles.csv"]


@pytest.mark.parametrize(
    "table", ["candle_sources", "candle_revisions", "price_anomalies", "second_opinions", "price_gaps", "publication"]
)
def test_show_shows_each_published_table(table, first_run):
    code, stdout, stderr = typed(first_run[0], "show", "--table", table, "--from", "2026-05-01", "--to", "2026-05-15")
    assert (code, "no rows: " in stderr) == (0, not stdout.strip()), stderr


def test_show_tells_the_nearest_of_a_coin_that_is_not_published(first_run):
    code, _, stderr = typed(first_run[0], "show", "bitcon")
    assert (code, "nearest: bitcoin" in stderr, len(stderr.splitlines())) == (2, True, 1)


@pytest.mark.parametrize("kind", ["table", "csv", "json"])
def test_show_works_beside_a_run(kind, finished):
    lock.hold_and_sign(finished.sample / ".lock")
    assert typed(finished, "show", "--format", kind)[0] == 0


# --- After a run of a past day


@pytest.mark.long
def test_a_run_of_a_past_day_leaves_the_heads_to_the_newest_day(finished, monkeypatch):
    monkeypatch.setenv("BROWSER", "true %s")
    before = [typed(finished, command)[1] for command in ("status", "report")]
    past = finished.run("Visualize", "--date=2026-05-13")
    assert past.exit_code == 0, past.stderr
    assert "open 2026-05-13 --sample" in past.stdout
    status, report, opened = (typed(finished, command)[1] for command in ("status", "report", "open"))
    assert status.splitlines()[1] == before[0].splitlines()[1]
    assert status.splitlines()[2].split() == ["the", "run", "of", "2026-05-13", "has", "published", "since"]
    assert {report, opened} == {before[1]}
