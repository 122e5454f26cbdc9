"""The evidence beside the candles: raw answers, revisions, records, replays, and why a candle looks as it does."""

import hashlib
import json
import shutil
from datetime import timedelta

import duckdb
import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e import published, truth
from tests.e2e.command_line import Pipeline
from tests.e2e.live_api import INSTANT, Api, live
from tests.support import commands
from tests.support.faulty_server import FaultAnswer

pytestmark = pytest.mark.long

EARLY, LATE = "2026-05-15T00:05:00Z", "2026-05-16T13:30:00Z"
"""At 00:05 CoinGecko has not settled the day before; a day later it has."""

FIELDS = ("open", "high", "low", "close", "volume_24h", "market_cap", "points", "coverage", "granularity", "status")
KEY = ("coin_id", "vs_currency", "date")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A pipeline that ran on two days, and what readers had after each run. Not to be changed."""
    pipeline = Pipeline(tmp_path_factory.mktemp("evidence") / "data")
    versions = []
    for now in (EARLY, LATE):
        result = pipeline.run("Publish", now=now)
        assert result.exit_code == 0, result.stderr
        versions.append(published.candles(database(pipeline)))
    return pipeline, versions


@pytest.fixture
def copied(history, tmp_path):
    return history[0].copy_to(tmp_path / "copied")


def database(pipeline):
    return pipeline.sample / "crypto_data.duckdb"


def rows(pipeline, query):
    with duckdb.connect(str(database(pipeline)), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ask(pipeline, *command):
    """What `btc-pipeline` says: exit code, stdout, stderr."""
    options = ("--pipeline-source", "sample", "--pipeline-data-dir", str(pipeline.data_dir), "--pipeline-now", LATE)
    ended = commands.run("btc-pipeline", [*command, *options])
    return ended.returncode, ended.stdout, ended.stderr


# --- Truth


def test_no_candle_is_ever_final_and_wrong(history):
    _, versions = history
    assert [wrong for candles in versions for wrong in truth.wrong_candles(candles)] == []


def test_the_day_that_was_not_settled_is_provisional_and_then_final(history):
    """The sweep has such runs on many days, at four times of day."""
    statuses = [{row["date"].day: row["status"] for row in candles} for candles in history[1]]
    assert statuses == [
        {**dict.fromkeys(range(8, 14), "final"), 14: "provisional", 15: "open"},
        {**dict.fromkeys(range(8, 16), "final"), 16: "open"},
    ]


# --- Certificate


def test_each_candle_names_raw_answers_that_are_there_with_their_checksums(history):
    pipeline, _ = history
    sources = rows(pipeline, "from candle_sources")
    packed = {each["archive_file"]: (pipeline.sample / "raw" / each["archive_file"]).read_bytes() for each in sources}
    assert {hashlib.sha256(packed[each["archive_file"]]).hexdigest() == each["sha256"] for each in sources} == {True}
    assert {each["date"] for each in sources} == {row["date"] for row in rows(pipeline, "from daily_candlestick")}


def test_the_answers_of_a_candle_gave_all_its_points(history):
    query = (
        "select count(*) as wrong from daily_candlestick as candle where candle.points + is_closed_by_live_point::int"
        " <> (select sum(points) from candle_sources as source"
        " where (source.coin_id, source.date) = (candle.coin_id, candle.date))"
    )
    assert rows(history[0], query) == [{"wrong": 0}]


# --- Revisions


def test_each_change_of_a_candle_that_was_over_is_kept_and_nothing_else(history):
    pipeline, (before, after) = history
    now = {tuple(row[name] for name in KEY): row for row in after}
    changes = {
        (*(row[name] for name in KEY), field, row[field], now[tuple(row[name] for name in KEY)][field])
        for row in before
        if row["status"] != "open"
        for field in FIELDS
        if row[field] != now[tuple(row[name] for name in KEY)][field]
    }
    assert changes
    kept = rows(pipeline, "from candle_revisions where subject = 'candle'")
    assert {tuple(each[name] for name in (*KEY, "field")) for each in kept} == {change[:4] for change in changes}
    numeric = {(each["field"], float(each["old_value"]), float(each["new_value"])) for each in kept
               if each["field"] not in {"granularity", "status"}}  # fmt: skip
    assert numeric == {change[3:] for change in changes if change[3] not in {"granularity", "status"}}
    assert {each["reason"] for each in kept} == {"points_added"}
    assert {each["run_date"].isoformat() for each in kept} == {"2026-05-16"}


def test_the_ledger_outlives_both_databases(copied):
    before = rows(copied, "from candle_revisions")
    database(copied).unlink()
    shutil.rmtree(copied.sample / "work")
    result = copied.run("Publish", now=LATE)
    assert result.exit_code == 0, result.stderr
    assert rows(copied, "from candle_revisions") == before != []


@pytest.mark.sweep  # the sixty days have many
@pytest.mark.turn("evidence", "a revised point")
def test_a_point_that_coingecko_revises_is_kept_with_both_values(tmp_path):
    revised: dict[str, float] = {}

    def answer(number):
        if number == 1:
            return None
        later = INSTANT + timedelta(days=1)
        chart = synthetic.market_chart(
            "bitcoin", "usd", later.replace(hour=0, minute=0) - timedelta(days=7), later, later
        )
        stamp, price = chart["prices"][5]
        assert stamp
        assert price
        revised.update(stamp=stamp, old=price, new=price * 1.5)
        chart["prices"][5] = [stamp, revised["new"]]
        return FaultAnswer(body=json.dumps(chart).encode())

    with Api(answer) as api:
        pipeline = live(tmp_path / "data", api)
        first = pipeline.run("Publish")
        second = pipeline.run("Publish", now=(INSTANT + timedelta(days=1)).isoformat())
    assert (first.exit_code, second.exit_code) == (0, 0), second.stderr
    with duckdb.connect(str(pipeline.data_dir / "live/crypto_data.duckdb"), read_only=True) as connection:
        query = "select epoch_ms(observed_at), old_value, new_value, reason, archive_file from candle_revisions"
        point = connection.execute(f"{query} where subject = 'point'").fetchall()
        candle = connection.execute(
            "select distinct reason from candle_revisions where subject = 'candle' and field = 'high'"
        ).fetchall()
    ((stamp, old, new, reason, file),) = point
    assert (stamp, float(old), float(new), reason) == (
        revised["stamp"],
        revised["old"],
        revised["new"],
        "coingecko_revised",
    )
    assert (pipeline.data_dir / "live/raw" / file).is_file()
    assert candle == [("points_revised",)]


# --- Replay


def test_a_replay_of_the_archive_is_identical_and_writes_nothing_into_the_world(copied):
    before = published.files_of(copied.sample)
    code, said, errors = ask(copied, "replay")
    assert (code, said.split(":")[0]) == (0, "identical"), errors
    assert published.files_of(copied.sample) == before


def test_a_replay_lists_what_differs(copied):
    file = database(copied)
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update daily_candlestick set high = high + 1 where date = '2026-05-12'")
        connection.execute("delete from daily_candlestick where date = '2026-05-11'")
    code, said, errors = ask(copied, "replay")
    lines = said.splitlines()
    assert (code, len(lines)) == (50, 2), errors
    assert lines[0] == "bitcoin / usd 2026-05-11  candle: published no, rebuilt yes"
    assert lines[1].startswith("bitcoin / usd 2026-05-12  high: published ")


def test_as_of_an_earlier_run_the_table_says_what_it_said_then(history):
    pipeline, (before, _) = history
    code, said, errors = ask(pipeline, "replay", "--as-of", EARLY)
    assert code == 0, errors
    assert said.startswith("the candles exactly as the run of 2026-05-15 published them")
    provisional = [row for row in before if row["status"] == "provisional"]
    assert [line.split()[0] for line in said.splitlines() if line.endswith("provisional")] == [
        row["date"].isoformat() for row in provisional
    ]


def test_before_the_first_extraction_there_is_nothing_to_replay(history):
    code, said, errors = ask(history[0], "replay", "--as-of", "2026-05-14T00:00:00Z")
    assert (code, said) == (2, "")
    assert "nothing had been extracted by 2026-05-14T00:00:00Z" in errors


# --- Why


def test_why_shows_the_evidence_of_a_candle_on_one_screen(history):
    code, said, errors = ask(history[0], "why", "bitcoin", "2026-05-14")
    assert code == 0, errors
    for part in ("final", "SAMPLE", "checksum holds", "the same open, high, low and close", "points_added", "0 warned"):
        assert part in said
    assert len(said.splitlines()) < 50


def test_why_says_when_a_raw_answer_is_damaged(copied):
    for file in (copied.sample / "raw").rglob("*.json.gz"):
        file.chmod(0o644)
        file.write_bytes(b"damage")
    code, said, errors = ask(copied, "why", "bitcoin", "2026-05-14")
    assert (code, "MISSING OR DAMAGED" in said, "cannot be computed again" in said) == (0, True, True), errors


@pytest.mark.parametrize(
    ("coin", "day", "reason"),
    [
        ("bitcoin", "2020-01-01", "there is no candle of bitcoin / usd on 2020-01-01"),
        ("../x", "2026-05-14", "is not a CoinGecko coin id"),
        ("bitcoin", "yesterday", "not a day"),
    ],
)
def test_why_refuses_what_is_not_there_by_name(coin, day, reason, history):
    code, said, errors = ask(history[0], "why", coin, day)
    assert (code, said, reason in errors) == (2, "", True), errors


# --- Records


def test_each_version_leaves_a_record_with_its_checks_and_a_profile(history):
    pipeline, (before, after) = history
    records = [json.loads(path.read_bytes()) for path in sorted((pipeline.sample / "runs").iterdir())]
    profiles = [record["tables"]["daily_candlestick"] for record in records]
    assert [profile["rows"] for profile in profiles] == [len(before), len(after)]
    for record, profile, version in zip(records, profiles, (before, after), strict=True):
        first, last = record["publication"]["first_day"], record["publication"]["last_day"]
        highs = [row["high"] for row in version if first <= str(row["date"])[:10] <= last]
        column = profile["columns"]["high"]
        assert (column["count"], float(column["max"])) == (len(highs), max(highs))
    assert {status for record in records for status in record["checks"].values()} <= {"pass", "success", "warn"}
    assert "freshness:raw.market_chart" in records[-1]["checks"]


# --- Freshness; what a field that is new or missing comes to is in tests/e2e/test_api.py


def chart_of(instant):
    start = instant.replace(hour=0, minute=0) - timedelta(days=7)
    return synthetic.market_chart("bitcoin", "usd", start, instant, instant)


def test_a_run_that_brings_nothing_new_fails_with_a_code_of_its_own(tmp_path):
    later = INSTANT + timedelta(hours=3)
    live_point = [int(later.timestamp()) * 1000, 80_000.0]

    def answer(number):
        chart = chart_of(INSTANT)
        if number > 1:  # the series stands still, and only the live point goes on
            chart = {name: [*pairs[:-1], live_point] for name, pairs in chart.items()}
        return FaultAnswer(body=json.dumps(chart).encode())

    with Api(answer) as api:
        pipeline = live(tmp_path / "data", api)
        first = pipeline.run("VerifyData")
        (pipeline.data_dir / "live/cache.duckdb").unlink()
        second = pipeline.run("VerifyData", now=later.isoformat())
    assert (first.exit_code, second.exit_code, len(second.errors)) == (0, 35, 1), second.stderr
    assert "nothing new: the newest point" in second.errors[0]


@pytest.mark.sweep  # tests/e2e/test_api.py has prices that end a day ago
@pytest.mark.turn("evidence", "old prices")
def test_old_prices_fail_with_the_code_of_stale_data(tmp_path):
    old = chart_of(INSTANT - timedelta(hours=8))
    with Api(lambda number: FaultAnswer(body=json.dumps(old).encode())) as api:
        result = live(tmp_path / "data", api).run("VerifyData")
    assert (result.exit_code, len(result.errors)) == (35, 1), result.stderr


# --- Gaps


def gaps_of(pipeline, workspace="sample"):
    with duckdb.connect(str(pipeline.data_dir / workspace / "crypto_data.duckdb"), read_only=True) as connection:
        query = (
            "select gap_from::date, gap_to::date, cause, state from price_gaps where granularity = 'day' order by all"
        )
        return [(str(start), str(end), *rest) for start, end, *rest in connection.execute(query).fetchall()]


@pytest.mark.sweep  # the sixty days have some
@pytest.mark.turn("evidence", "a gap without runs")
def test_days_that_nobody_asked_for_are_a_gap_until_a_run_asks_for_them(tmp_path):
    pipeline = Pipeline(tmp_path / "data")
    pipeline.run("Publish", now="2026-05-01T13:30:00Z")
    late = pipeline.run("Publish", now="2026-05-12T13:30:00Z")
    assert "warnings=1" in late.stderr, late.stderr
    assert gaps_of(pipeline) == [("2026-05-02", "2026-05-05", "not_run", "open")]
    pipeline.run("Publish", "--date", "2026-05-04", now="2026-05-12T14:30:00Z")
    assert gaps_of(pipeline) == [("2026-05-02", "2026-05-05", "not_run", "closed")]


@pytest.mark.sweep  # the unit tests of price_gaps have some
@pytest.mark.turn("evidence", "a gap of failed runs")
def test_days_whose_runs_have_failed_are_a_gap_of_the_api(tmp_path):
    def answer(number):
        return FaultAnswer(status=404, body=b'{"error": "down"}') if number == 2 else None

    with Api(answer) as api:
        pipeline = live(tmp_path / "data", api)
        codes = [
            pipeline.run("Publish", now=(INSTANT - timedelta(days=days)).isoformat()).exit_code for days in (11, 7, 0)
        ]
    assert codes == [0, 20, 0]
    assert gaps_of(pipeline, "live") == [("2026-05-05", "2026-05-08", "api_failed", "open")]
