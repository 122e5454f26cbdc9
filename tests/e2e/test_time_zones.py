"""The same published rows, in order and to the last digit, whatever the machine's time zone."""

import pytest

from tests.e2e import published
from tests.e2e.command_line import Pipeline
from tests.support.swept import swept

pytestmark = pytest.mark.long

ZONES = ["Pacific/Apia", "America/New_York"]
"""One far to the east, one to the west."""


@pytest.fixture(scope="module")
def candles(run_ahead, tmp_path_factory):
    """The published candles as text, by the zone of the machine."""

    def run(zone):
        pipeline = Pipeline(tmp_path_factory.mktemp("zone") / "data", env={"TZ": zone})
        result = pipeline.run("Publish")
        assert result.exit_code == 0, result.stderr
        return published.candles_as_text(pipeline.sample / "crypto_data.duckdb")

    return run_ahead(run, ZONES)


@pytest.mark.parametrize("case", swept(ZONES))
def test_candles_are_the_same_in_every_time_zone(case, candles, first_run):
    pipeline, _ = first_run
    assert candles[case].result() == published.candles_as_text(pipeline.sample / "crypto_data.duckdb")
