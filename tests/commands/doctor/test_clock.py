"""The doctor and the clock: by the API's time, or else by what cannot lie in the future."""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.commands.doctor.clock import WRITTEN, by_clock, clock
from btc_pipeline.market import instants
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.warehouse import duckdb_files

NOW = datetime(2026, 12, 24, 12, tzinfo=timezone.utc)


@pytest.fixture
def published_on(tmp_path):
    """A function that gives a workspace in which the newest candle is of this day."""

    def publish(day, source="live"):
        workspace = Workspace(tmp_path, source)
        workspace.root.mkdir()
        with duckdb_files.opened(workspace.published, read_only=False) as connection:
            connection.execute(f"create table daily_candlestick as select date '{day}' as date")
        return workspace

    return publish


@pytest.mark.parametrize(("seconds", "state", "said"), [
    (0, "ok", "within 60 s"),
    (59, "ok", "within 60 s"), (-61, "failed", "61 s behind"), (3600, "failed", "3600 s ahead"),
])  # fmt: skip
def test_the_clock_is_compared_with_the_api_s(seconds, state, said, tmp_path):
    check = clock(NOW - timedelta(seconds=seconds), Workspace(tmp_path, "live"), NOW)
    assert (check.state, said in check.facts) == (state, True)


@pytest.mark.parametrize("of_api", [None, NOW], ids=["no answer", "an answer of a server with the same clock"])
@pytest.mark.parametrize(("day", "state"), [("2026-12-23", ""), ("2026-12-24", ""), ("2026-12-25", "failed")])
def test_a_clock_before_the_newest_published_day_fails(day, state, of_api, published_on):
    check = clock(of_api, published_on(day), NOW)
    assert (check.state == "failed") == (state == "failed")
    if state:
        assert check.facts == "it says 2026-12-24, and a candle of 2026-12-25 is published"


@pytest.mark.parametrize("now", ["1970-01-01T00:00Z", "2000-01-01T00:00Z", "2026-10-31T23:59Z"])
@pytest.mark.parametrize("source", ["live", "sample"])
def test_a_clock_before_this_version_was_written_fails(now, source, tmp_path):
    check = clock(None, Workspace(tmp_path, source), instants.parse(now))
    assert (check.state, str(WRITTEN) in check.facts) == ("failed", True)


def test_candles_of_sample_data_may_be_of_any_day(published_on):
    assert clock(None, published_on("2030-01-01", "sample"), NOW).state == "ok"


def test_without_an_answer_the_check_is_a_warning_for_live_prices_only(tmp_path):
    assert [by_clock(None, Workspace(tmp_path, source)).state for source in ("live", "sample")] == ["warning", "ok"]


def test_a_damaged_publication_does_not_end_the_check(tmp_path):
    workspace = Workspace(tmp_path, "live")
    workspace.root.mkdir()
    workspace.published.write_bytes(b"no database" * 100)
    assert clock(NOW, workspace, NOW).state == "ok"
