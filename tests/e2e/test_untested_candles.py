"""Candles that have not passed their tests reach no reader, whichever day's run is asked to publish."""

from dataclasses import replace

import pytest

from tests.e2e import published

pytestmark = pytest.mark.long

NEXT_DAY = "2026-05-16T13:30:00Z"
PUBLISHED = "crypto_data.duckdb"


@pytest.fixture(scope="module")
def redone(first_run, tmp_path_factory):
    """The next day's candles are built but not tested; the first day's Publish is redone; then the next day's run."""
    pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("untested") / "data")
    assert pipeline.run("Transform", now=NEXT_DAY).exit_code == 0
    before = published.candles_as_text(pipeline.sample / PUBLISHED)
    (pipeline.sample / "markers/Publish_2026-05-15.json").unlink()
    refused = pipeline.run("Publish")
    after = published.candles_as_text(pipeline.sample / PUBLISHED)
    return refused, before == after, replace(pipeline, now=NEXT_DAY).run("Publish")


def test_an_earlier_day_does_not_publish_what_a_later_day_has_not_tested(redone):
    refused, is_untouched, _ = redone
    assert (refused.exit_code, len(refused.errors), is_untouched) == (50, 1, True), refused.stderr
    assert "Transform of 2026-05-16 has rebuilt the candles" in refused.errors[0]


def test_the_later_day_publishes_once_its_tests_have_passed(redone):
    *_, finished = redone
    assert (finished.exit_code, finished.done) == (0, ["Test", "Publish"]), finished.stderr
