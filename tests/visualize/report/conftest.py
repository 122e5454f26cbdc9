import pytest

from btc_pipeline.visualize.report import facts
from tests.visualize.report.published import Published


@pytest.fixture
def read(tmp_path):
    """A function that gives the facts of what is published."""

    def facts_of(**published):
        return facts.read(Published(**published).write(tmp_path / "published.duckdb"))

    return facts_of
