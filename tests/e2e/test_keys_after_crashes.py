"""The key is nowhere, whatever crashes: no file, packed or not, no database, no output, no process shows it."""

import gzip
import os
import signal
import time
from pathlib import Path

import duckdb
import pytest

from tests.e2e.command_line import ROOT, Pipeline
from tests.e2e.live_api import Api, Asked, live, truly
from tests.support.faulty_server import FaultAnswer
from tests.support.patience import FOR_EVER, PATIENCE

# tests/e2e/test_keys.py has a kill, an echo and a redirect of its own
pytestmark = [pytest.mark.sweep, pytest.mark.turn("harm at any moment", "crashes that meet a key")]

FIRST_KEY, SECOND_KEY = "CG-CrashCanary0123456789", "CG-RotatedCanary0123456789"
HEADER = "x-cg-demo-api-key"
WITH_CORE_DUMPS = ("bash", "-c", 'ulimit -c "$(ulimit -Hc)"; exec "$@"', "run")
CRASHES = [("connector", signal.SIGABRT), ("luigi", signal.SIGABRT), ("connector", signal.SIGKILL)]


def write_key(file: Path, key: str) -> None:
    file.write_text(key + "\n")
    file.chmod(0o600)


def everything(folder: Path) -> dict[str, bytes]:
    """What the folder's files hold, packed or not, and what the databases' tables do."""
    contents = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "key":
            contents[str(path)] = path.read_bytes()
            if path.suffix == ".gz":
                contents[f"{path} unpacked"] = gzip.decompress(contents[str(path)])
            if path.suffix == ".duckdb":
                with duckdb.connect(str(path), read_only=True) as database:
                    for (name,) in database.execute(
                        'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables()'
                    ).fetchall():
                        contents[f"{path} {name}"] = repr(database.execute(f"from {name}").fetchall()).encode()
    return contents


def processes_that_show(key: str) -> list[str]:
    """All processes of the machine whose command line or environment holds the key."""
    found = []
    for what in ("cmdline", "environ"):
        for path in Path("/proc").glob(f"[0-9]*/{what}"):
            try:
                if key.encode() in path.read_bytes():
                    found.append(str(path))
            except OSError:  # it has just ended, or is another user's
                continue
    return found


def crash(pipeline: Pipeline, api: Api, who: str, how: signal.Signals) -> tuple[str, list[str]]:
    """End a process of a run by a signal while the run waits for an answer; its output, and who showed the key."""
    begun = len(api.asked)
    with pipeline.started("Publish", "--date=2026-05-14") as running:
        give_up_at = time.monotonic() + PATIENCE
        while len(api.asked) == begun:
            assert time.monotonic() < give_up_at, "no request came"
            time.sleep(0.01)
        shown = processes_that_show(FIRST_KEY)
        pids = [pid for pid, path in running.processes().items() if who.encode() in (path / "cmdline").read_bytes()]
        os.kill(min(pids), how)
        result = running.wait()
    assert result.exit_code != 0, result.stderr
    return result.stdout + result.stderr, shown


@pytest.fixture(scope="module", autouse=True)
def crashes(workers, tmp_path_factory):
    """A run that meets echoes of the key, three that crash, and one with another key; in a folder of their own."""

    def run():
        folder = tmp_path_factory.mktemp("crashes")
        for name in ("here", "tmp"):
            (folder / name).mkdir()
        write_key(folder / "key", FIRST_KEY)
        waits: list[bool] = []
        keys = [FIRST_KEY]

        def of_coin(asked: Asked) -> FaultAnswer | None:
            if asked.coin_id == "no-such-coin":
                return FaultAnswer(status=404, body=f'{{"error": "no coin for {keys[-1]}"}}'.encode())
            return FaultAnswer(delay=FOR_EVER) if waits else None

        def echo(path: str) -> FaultAnswer:
            body = f'[{{"id": "bitcoin", "symbol": "{keys[-1]}", "name": "x{keys[-1]}x"}}]'
            return FaultAnswer(body=body.encode())

        with Api(truly, opinion=echo, extra=echo, of_coin=of_coin) as api:
            options = live(
                folder / "data", api, "--coingecko-plan=demo", f"--coingecko-api-key-file={folder / 'key'}",
                "--coingecko-timeout-seconds=300", "--pipeline-coins=no-such-coin,bitcoin",
            ).options  # fmt: skip
            env = {"TMPDIR": str(folder / "tmp"), "PYTHONFAULTHANDLER": "1", "LUIGI_CONFIG_PATH": f"{ROOT}/luigi.cfg"}
            pipeline = Pipeline(
                folder / "data", options, env=env, project=folder / "here", wrapper=WITH_CORE_DUMPS
            )  # fmt: skip
            echoed = pipeline.run("Publish")
            lists = list(api.extras_asked)
            waits.append(True)
            crashed = [crash(pipeline, api, *each) for each in CRASHES]
            waits.clear()
            keys.append(SECOND_KEY)
            write_key(folder / "key", keys[-1])
            number = len(api.requests)
            rotated = pipeline.run("Publish", "--date=2026-05-14")
            headers = [{name.lower(): value for name, value in each.headers.items()} for each in api.requests]
        outputs = "".join([*(output for output, _ in crashed), *(r.stdout + r.stderr for r in (echoed, rotated))])
        return {
            "echoed": echoed, "lists": lists, "shown": [shown for _, shown in crashed], "outputs": outputs,
            "first": headers[:number], "second": headers[number:], "folder": folder, "rotated": rotated,
        }  # fmt: skip

    return workers.submit(run)


@pytest.fixture
def story(crashes):
    return crashes.result()


def test_a_key_that_answers_repeat_and_crashes_meet_is_in_no_file_and_no_database(story):
    assert (story["echoed"].exit_code, story["rotated"].exit_code) == (20, 20), story["outputs"]
    assert any("/coins/list" in path for path in story["lists"])
    contents = everything(story["folder"])
    assert len(contents) > 50
    keys = (FIRST_KEY.encode(), SECOND_KEY.encode())
    assert [name for name, content in contents.items() if any(key in content for key in keys)] == []


def test_a_crash_leaves_no_core_dump_where_there_may_be_one(story):
    assert list((story["folder"] / "here").iterdir()) == []


def test_a_key_is_in_no_output_of_a_run_that_crashes(story):
    assert "Fatal Python error: Aborted" in story["outputs"]
    assert FIRST_KEY not in story["outputs"]
    assert SECOND_KEY not in story["outputs"]


def test_a_key_of_a_file_shows_in_no_process_of_the_machine(story):
    assert story["shown"] == [[], [], []]


def test_a_key_that_was_replaced_is_used_by_the_next_run(story):
    assert {headers.get(HEADER) for headers in story["first"]} == {FIRST_KEY}
    assert {headers.get(HEADER) for headers in story["second"]} == {SECOND_KEY}
