"""The stories of dbt build often: its processes stay from one build to the next."""

from collections.abc import Iterator

import pytest

from tests.support import dbt_at_hand


@pytest.fixture(scope="package", autouse=True)
def dbt_that_stays() -> Iterator[None]:
    with dbt_at_hand.many():
        yield
