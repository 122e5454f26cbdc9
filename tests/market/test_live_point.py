"""The live point: one of those at the end of an answer whose window reached now."""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.market import live_point

NOW = datetime(2026, 5, 15, 14, 30, tzinfo=timezone.utc)
LIVE = 1_778_855_400_000
BEFORE, AFTER = LIVE - 300_123, LIVE + 123


@pytest.mark.parametrize(("stamps", "found"), [
    ([BEFORE, LIVE], {LIVE}),
    ([BEFORE, AFTER, LIVE], {LIVE}),
    ([BEFORE, LIVE, AFTER], {LIVE, AFTER}),
    ([LIVE, BEFORE, AFTER], {AFTER}),
    ([LIVE - 300_000, BEFORE + 7, LIVE], {LIVE}),
    ([BEFORE, AFTER], {AFTER}),
    ([AFTER, BEFORE], {BEFORE, AFTER}),
    ([AFTER], {AFTER}),
])  # fmt: skip
def test_the_last_the_last_but_one_on_a_whole_second_and_without_a_whole_second_the_newest_may_be_live(stamps, found):
    assert live_point.candidates(stamps, NOW, NOW) == found


@pytest.mark.parametrize(("ago", "found"), [
    (timedelta(minutes=34), {LIVE}),
    (timedelta(minutes=35), set()),
    (timedelta(days=1), set()),
])  # fmt: skip
def test_an_answer_that_can_settle_its_last_day_has_no_live_point(ago, found):
    assert live_point.candidates([BEFORE, LIVE], NOW - ago, NOW) == found
