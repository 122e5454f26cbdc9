"""A backfill ends as a run does: a summary, a report of its own, and the day's report and chart as they were."""

import json

import pytest

from tests.e2e import published
from tests.support import commands

pytestmark = pytest.mark.long

SPAN = ("Backfill", "--start=2026-04-20", "--end=2026-05-13")
REPORT = "report/2026-04-20_2026-05-13"
OF_THE_DAY = ("report/2026-05-15.html", "report/2026-05-15.json", "charts/bitcoin_usd_2026-05-15.png")


def files(pipeline):
    return {name: (pipeline.sample / name).read_bytes() for name in OF_THE_DAY}


@pytest.fixture(scope="module")
def backfill(first_run, tmp_path_factory):
    """A pipeline that has run for a day and then backfilled, what it said, and the day's files before."""
    pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("backfill") / "data")
    before = files(pipeline)
    return pipeline, pipeline.run(*SPAN), before


def told(pipeline, name):
    return json.loads((pipeline.sample / f"{name}.json").read_text())


def test_it_ends_with_its_candles_its_steps_and_its_report(backfill):
    pipeline, result, _ = backfill
    assert (result.exit_code, result.done) == (0, ["ExtractHistory", "Backfill"]), result.stderr
    assert "SAMPLE: not live market data" in result.stdout
    assert "since Mon 20 Apr open" in result.stdout
    assert "the newest 16 of 24 days" in result.stdout
    assert f"report    {pipeline.sample / REPORT}.html" in result.stdout
    assert "open 2026-04-20_2026-05-13 --sample" in result.stdout


def test_its_report_is_for_its_days(backfill):
    pipeline, _, _ = backfill
    report = told(pipeline, REPORT)
    assert report["verdict"]["freshness"]["words"] == "Past days"
    assert "since Mon 20 Apr" in report["verdict"]["trust"]["lines"][1]
    assert [row[0] for row in report["run_steps"]["data"]] == ["ExtractHistory"]


def test_what_the_day_s_run_made_stays_and_stays_done(backfill):
    pipeline, _, before = backfill
    assert files(pipeline) == before
    assert pipeline.pending() == []


def test_a_day_that_is_drawn_again_has_the_report_of_its_own_run(backfill, tmp_path):
    pipeline = backfill[0].copy_to(tmp_path / "data")
    assert published.publication(pipeline.sample / "crypto_data.duckdb")["made_by"] == "Backfill"
    (pipeline.sample / "markers/Visualize_2026-05-15.json").unlink()
    result = pipeline.run("Visualize")
    assert (result.exit_code, result.done) == (0, ["Visualize"]), result.stderr
    about = told(pipeline, "report/2026-05-15")
    assert (about["publication"]["made_by"], about["publication"]["last_day"]) == ("Publish", "2026-05-15")
    steps = [row[0] for row in about["run_steps"]["data"]]
    assert steps == ["ExtractAndLoad", "VerifyData", "ExtractHistory", "Backfill"]  # which built what is published
    assert about["run_checks"] == told(pipeline, REPORT)["run_checks"]
    assert len(published.candles(pipeline.sample / "crypto_data.duckdb")) == 26
    assert pipeline.pending() == []


@pytest.fixture(scope="module")
def made_again(backfill, tmp_path_factory):
    """A pipeline whose report was gone when it backfilled again, and what it said, with its summary as JSON."""
    pipeline = backfill[0].copy_to(tmp_path_factory.mktemp("again") / "data")
    (pipeline.sample / f"{REPORT}.html").unlink()
    return pipeline, pipeline.run(*SPAN, "--pipeline-summary=json")


def test_a_report_that_is_gone_is_made_again(made_again):
    pipeline, result = made_again
    assert (result.exit_code, result.done) == (0, ["Backfill"]), result.stderr
    assert (pipeline.sample / f"{REPORT}.html").exists()
    assert pipeline.run(*SPAN).done == []


def test_status_and_why_say_that_a_backfill_made_the_version(backfill):
    pipeline, _, _ = backfill
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(pipeline.data_dir))
    for command in (["status"], ["why", "bitcoin", "2026-05-10"]):
        ended = commands.run("btc-pipeline", [*command, *options, "--pipeline-now", pipeline.now])
        assert ended.returncode == 0, ended.stderr
        assert "backfill of 2026-04-20 to 2026-05-13" in ended.stdout


def test_without_its_first_day_it_says_what_to_add(finished):
    result = finished.refused("Backfill")
    assert (result.exit_code, len(result.errors)) == (2, 1), result.stderr
    assert "--start is missing. Next: add --start 2025-12-01" in result.errors[0]


def test_its_summary_as_json_has_each_of_its_days(made_again):
    summary = json.loads(made_again[1].stdout)
    assert [step["step"] for step in summary["steps"]] == ["ExtractHistory", "Backfill"]
    assert len(summary["candles"]) == 24
    assert summary["report"].endswith(f"{REPORT}.html")
