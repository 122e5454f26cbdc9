"""The live point: on a whole second, at the end of an answer whose window reached now."""

from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.market import live_point

NOW = datetime(2026, 5, 15, 14, 30, tzinfo=timezone.utc)
ON_A_SECOND, SETTLED = 1_778_855_400_000, 1_778_855_400_123


@pytest.mark.parametrize(("stamp", "ago", "is_live"), [
    (ON_A_SECOND, timedelta(), True),
    (ON_A_SECOND, timedelta(minutes=34), True),
    (ON_A_SECOND, timedelta(minutes=35), False),
    (ON_A_SECOND, timedelta(days=1), False),
    (SETTLED, timedelta(), False),
])  # fmt: skip
def test_a_point_is_live_on_a_whole_second_of_an_answer_up_to_now(stamp, ago, is_live):
    assert live_point.is_live(stamp, NOW - ago, NOW) is is_live
