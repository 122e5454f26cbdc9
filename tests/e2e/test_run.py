"""A run from nothing, a run with nothing to do, a run step by step, and a run on recorded answers of the real API."""

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import declared_tests
from tests.e2e import published, truth
from tests.e2e.command_line import ROOT, STEPS, Pipeline
from tests.house.test_layers import HEAVY

RECORDING = "btc_usd_30d_hourly_2021-05-15.json"
FINE_RECORDING = "btc_usd_1d_5min_2021-05-15.json"
OHLC_RECORDING = "btc_usd_7d_ohlc_2021.json"
RECORDED_NOW = datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
STEP_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO (\w+) done( \S+=.+)* seconds=\d+\.\d+")


# --- From nothing


def test_a_first_run_ends_with_0_after_all_steps(first_run):
    _, result = first_run
    assert (result.exit_code, result.done) == (0, STEPS), result.stderr


def test_a_run_says_one_line_for_each_step_and_nothing_else(first_run):
    _, result = first_run
    lines = result.stderr.splitlines()
    assert [match[1] for line in lines if (match := STEP_LINE.fullmatch(line))] == STEPS
    assert len(lines) == len(STEPS), result.stderr


def test_a_first_run_makes_seven_settled_candles_and_the_open_one(first_run):
    pipeline, _ = first_run
    candles = published.candles(pipeline.sample / "crypto_data.duckdb")
    assert [f"{row['date']} {row['status']}" for row in candles] == [
        *(f"2026-05-{day:02d} final" for day in range(8, 15)),
        "2026-05-15 open",
    ]


def test_each_settled_candle_of_a_first_run_is_the_true_one(first_run):
    pipeline, _ = first_run
    assert truth.wrong_candles(published.candles(pipeline.sample / "crypto_data.duckdb")) == []


def test_a_first_run_draws_the_chart(first_run):
    pipeline, _ = first_run
    chart = pipeline.sample / "charts/bitcoin_usd_2026-05-15.png"
    assert chart.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_first_run_writes_the_report_and_the_same_as_json(first_run):
    pipeline, _ = first_run
    folder = pipeline.sample / "report"
    facts = json.loads((folder / "2026-05-15.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-05-15.html",
        "2026-05-15.json",
        "index.html",
        "index.json",
    ]
    checks = declared_tests.declared(DBT_PROJECT).total()
    assert [len(facts[table]["data"]) for table in ("daily_candlestick", "run_checks")] == [8, checks]
    assert [row[0] for row in facts["run_steps"]["data"]] == STEPS[:4]


def test_what_is_made_of_sample_data_says_so(first_run):
    pipeline, _ = first_run
    about = published.publication(pipeline.sample / "crypto_data.duckdb")
    assert (about["is_sample"], about["source"]) == ("true", "SAMPLE (synthetic)")


def test_a_first_run_leaves_no_temporary_files(first_run):
    pipeline, _ = first_run
    assert published.leftovers(pipeline.data_dir) == []


# --- With nothing to do


@pytest.fixture(scope="module")
def second_run(first_run, tmp_path_factory):
    """A run after the first one: the folder before and after it, and what came of it."""
    pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("second_run") / "data")
    before = published.files_of(pipeline.data_dir)
    result = pipeline.run("Visualize")
    return before, published.files_of(pipeline.data_dir), result


def test_a_second_run_ends_with_0_and_does_nothing(second_run):
    *_, result = second_run
    assert (result.exit_code, result.done) == (0, [])


def test_a_second_run_says_nothing(second_run):
    *_, result = second_run
    assert result.stderr == ""


def test_a_second_run_touches_no_file_and_no_folder(second_run):
    before, after, _ = second_run
    assert after == before


def test_a_second_run_imports_nothing_of_what_the_first_works_with(finished):
    result = replace(finished, env={"PYTHONPROFILEIMPORTTIME": "1"}).run("Visualize")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in result.stderr.splitlines()}
    assert (result.exit_code, {"luigi", "btc_pipeline"} <= imported, imported & HEAVY) == (0, True, set())


# --- Step by step, with three coins

COINS = ["bitcoin", "ethereum", "solana"]


@pytest.fixture(scope="module", autouse=True)
def steps_at_work(workers, run_of_coins):
    """A pipeline for three coins, each step asked for by its name, beside the tests above."""
    return workers.submit(run_of_coins)


@pytest.fixture
def step_by_step(steps_at_work):
    """The pipeline, and the result of each step."""
    return steps_at_work.result()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_can_be_run_alone_by_its_name(step, step_by_step):
    _, results = step_by_step
    assert (results[step].exit_code, results[step].done) == (0, [step]), results[step].stderr


def test_several_coins_make_the_candles_of_each(step_by_step):
    pipeline, _ = step_by_step
    candles = published.candles(pipeline.sample / "crypto_data.duckdb")
    assert [row["coin_id"] for row in candles] == [coin for coin in COINS for _ in range(8)]


def test_each_settled_candle_of_several_coins_is_the_true_one(step_by_step):
    pipeline, _ = step_by_step
    assert truth.wrong_candles(published.candles(pipeline.sample / "crypto_data.duckdb")) == []


def test_several_coins_make_a_chart_each_and_one_page_of_all(step_by_step):
    pipeline, _ = step_by_step
    charts = sorted(path.name for path in (pipeline.sample / "charts").iterdir())
    assert charts == sorted([*(f"{coin}_usd_2026-05-15.png" for coin in COINS), "overview_2026-05-15.png"])


# --- Recorded answers


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """The folder of recorded answers; where it is not at hand, one that has the same shape and quirks."""
    folder = ROOT.parent / "shared/coingecko"
    if (folder / RECORDING).exists():
        return folder
    folder = tmp_path_factory.mktemp("recordings")
    series = _series_up_to_now(timedelta(hours=1), timedelta(days=30))
    fine = _series_up_to_now(timedelta(minutes=5), timedelta(days=1))
    for name, points in ((RECORDING, series), (FINE_RECORDING, fine)):
        (folder / name).write_text(json.dumps(dict.fromkeys(("prices", "market_caps", "total_volumes"), points)))
    (folder / OHLC_RECORDING).write_text(json.dumps(_four_hours_of(series[:-1])))
    return folder


def _series_up_to_now(step, span):
    """One point in each step, a live point at the end; prices go up and down within a day, the same for any step."""
    starts = [RECORDED_NOW - span + number * step for number in range(span // step)]
    stamps = [*(int(start.timestamp()) * 1000 + 853 for start in starts), int(RECORDED_NOW.timestamp() - 149) * 1000]
    return [[stamp, 50_000 + abs(stamp // 60_000 % 1_440 - 720) * 10 + 0.125] for stamp in stamps]


def _four_hours_of(series):
    """By hand: candles of four hours, stamped at their close."""
    candles: dict[int, list[float]] = {}
    for stamp, price in series:
        candles.setdefault(stamp // 14_400_000 * 14_400_000 + 14_400_000, []).append(price)
    return [[close, prices[0], max(prices), min(prices), prices[-1]] for close, prices in candles.items()]


@pytest.fixture(scope="module", autouse=True)
def replay_at_work(recordings, workers, tmp_path_factory):
    """A pipeline on the recordings, beside the tests above."""
    options = ("--pipeline-source", "sample", "--pipeline-recordings", str(recordings))
    pipeline = Pipeline(tmp_path_factory.mktemp("replayed") / "data", options, now=RECORDED_NOW.isoformat())
    return workers.submit(lambda: (pipeline, pipeline.run("Visualize")))


@pytest.fixture
def replayed(replay_at_work):
    """The pipeline, and what came of its run."""
    return replay_at_work.result()


def test_recorded_answers_run_through(replayed):
    _, result = replayed
    assert (result.exit_code, result.done) == (0, STEPS), result.stderr


def test_recorded_answers_make_the_candles_that_the_recording_holds(replayed, recordings):
    """The week is in the hourly one, today in that of the 5-minute series, too."""
    pipeline, _ = replayed
    candles = published.candles(pipeline.sample / "crypto_data.duckdb")
    hourly, fine = (
        _candles_of(json.loads((recordings / name).read_text())["prices"]) for name in (RECORDING, FINE_RECORDING)
    )
    today = RECORDED_NOW.date()
    assert {row["date"]: truth.Ohlc.of_row(row) for row in candles} == hourly | {today: fine[today]}
    assert [row["granularity"] for row in candles] == ["hourly"] * 7 + ["5-minute"]


def test_recorded_candles_of_coingecko_agree_with_ours(replayed):
    """To a hundredth of a basis point: the recorded ones are rounded to cents."""
    pipeline, result = replayed
    opinions = published.rows(
        pipeline.sample / "crypto_data.duckdb", "from main.second_opinions where verdict <> 'none'"
    )
    assert "warnings=0 " in result.stderr
    assert {row["verdict"] for row in opinions[1:]} == {"agrees"}
    assert len(opinions) == 7
    assert max(row["largest_bps"] for row in opinions[1:]) < 0.01


def _candles_of(prices):
    """By hand: the series of each UTC day. The live point comes last, and closes the last day if it is the newest."""
    *series, (live_stamp, live_price) = prices
    assert live_stamp % 1000 == 0
    first_day = (RECORDED_NOW - timedelta(days=7)).date()
    days: dict[date, list[tuple[int, float]]] = {}
    for stamp, price in series:
        days.setdefault(datetime.fromtimestamp(stamp / 1000, timezone.utc).date(), []).append((stamp, price))
    candles = {day: truth.Ohlc.of(points) for day, points in days.items() if day >= first_day}
    today = RECORDED_NOW.date()
    if live_stamp > max(days[today])[0]:
        closed = truth.Ohlc.of([*days[today], (live_stamp, live_price)])
        candles[today] = closed._replace(points=len(days[today]))
    return candles
