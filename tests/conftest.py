"""What end-to-end tests and sweeps share: a pipeline on an empty folder, and one that has finished a run."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.command_line import Pipeline


@pytest.fixture(scope="session")
def workers():
    """Two at a time, and no more: the tests are to be run on two cores."""
    with ThreadPoolExecutor(max_workers=2) as executor:
        yield executor
        executor.shutdown(cancel_futures=True)


@pytest.fixture
def pipeline(tmp_path):
    """The pipeline with sample data, on a folder that is not there yet."""
    return Pipeline(tmp_path / "data")


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """A pipeline that has run once, and what came of that run. Not to be changed: `finished` gives a copy."""
    pipeline = Pipeline(tmp_path_factory.mktemp("first_run") / "data")
    return pipeline, pipeline.run("Visualize")


@pytest.fixture
def finished(first_run, tmp_path):
    """The pipeline on a copy of a finished run's data."""
    pipeline, _ = first_run
    return pipeline.copy_to(tmp_path / "finished")
