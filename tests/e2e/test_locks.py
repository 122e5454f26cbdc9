"""Two runs at once on the same data: one works, the other says who does, and leaves."""

import json

import pytest

from tests.e2e.command_line import Pipeline
from tests.e2e.live_api import Api, good_chart, live, once
from tests.support.patience import FOR_EVER

pytestmark = pytest.mark.long

SECOND_RUNS = {"the same command line": [], "another command line": ["--workers=1"]}


def hold_and_kill(finished):
    """What other runs come to while one waits for its API, and after that one was killed."""
    with Api(once(delay=FOR_EVER)) as api:
        pipeline = live(finished.data_dir, api, "--coingecko-timeout-seconds", "300")
        with pipeline.started("VerifyData") as holder:
            api.wait_for_a_request()
            results = {how: pipeline.run("VerifyData", *options) for how, options in SECOND_RUNS.items()}
            results["other source"] = finished.run("Visualize")
            holder.kill()
            results["after the kill"] = pipeline.run("VerifyData")
            return holder.process.pid, results


def start_together(data_dir):
    """Two first runs."""
    body = json.dumps(good_chart()).encode()
    with Api(once(delay=6, body=body)) as api:
        pipeline = live(data_dir, api, "--coingecko-timeout-seconds", "60")
        with pipeline.started("ExtractAndLoad") as one, pipeline.started("ExtractAndLoad", "--workers=1") as other:
            return [one.wait(), other.wait()]


@pytest.fixture(scope="module", autouse=True)
def at_work(first_run, workers, tmp_path_factory):
    finished = first_run[0].copy_to(tmp_path_factory.mktemp("held") / "data")
    started = workers.submit(start_together, tmp_path_factory.mktemp("together") / "data")
    return {"held": workers.submit(hold_and_kill, finished), "together": started}


@pytest.fixture
def held(at_work):
    return at_work["held"].result()


@pytest.mark.parametrize("how", SECOND_RUNS)
def test_a_second_run_leaves_with_10_and_names_the_process_that_works(how, held):
    holder, results = held
    assert results[how].exit_code == 10, results[how].stderr
    (line,) = results[how].errors
    assert f"pid={holder} " in line


def test_a_run_on_sample_data_is_not_held_up_by_one_on_live_data(held):
    _, results = held
    assert (results["other source"].exit_code, results["other source"].done) == (0, [])


def test_a_run_works_at_once_after_the_one_before_was_killed(held):
    _, results = held
    result = results["after the kill"]
    assert (result.exit_code, result.done) == (0, ["ExtractAndLoad", "VerifyData"]), result.stderr


def test_of_two_first_runs_that_start_together_one_works_and_one_leaves(at_work):
    results = at_work["together"].result()
    assert sorted(result.exit_code for result in results) == [0, 10], [result.stderr for result in results]


def test_runs_on_different_data_do_not_hold_each_other_up(tmp_path):
    def configured(name):
        """The data folder is in the configuration, so that all runs have one command line."""
        config = tmp_path / f"{name}.cfg"
        config.write_text(
            f"[pipeline]\ndata_dir = {tmp_path / name}\nsource = live\n[coingecko]\nbase_url = {api.base_url}\n"
        )
        env = {"LUIGI_CONFIG_PATH": str(config)}
        return Pipeline(tmp_path / name, options=(), env=env, is_data_dir_an_option=False)

    with Api(once(delay=FOR_EVER)) as api, configured("one").started("ExtractAndLoad"):
        api.wait_for_a_request()
        result = configured("other").run("ExtractAndLoad")
    assert (result.exit_code, result.done) == (0, ["ExtractAndLoad"]), result.stdout
