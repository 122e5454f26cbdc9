"""The key goes to CoinGecko in its header, and nowhere else."""

import gzip
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.live_api import Api, always, live, once, truly
from tests.support.patience import FOR_EVER

pytestmark = pytest.mark.long

KEY = "CG-CanaryKey0123456789"
HEADER = "x-cg-demo-api-key"


@pytest.fixture
def key_file(tmp_path):
    """The options that name a file with the key, which nobody else can read."""
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    return ("--coingecko-plan=demo", f"--coingecko-api-key-file={file}")


def places_of_the_key(data_dir, *outputs):
    """The files below the folder that hold the key, packed or not, and the outputs that do."""
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    contents = {str(path): path.read_bytes() for path in files}
    contents |= {f"{path} unpacked": gzip.decompress(path.read_bytes()) for path in files if path.suffix == ".gz"}
    contents |= {f"output: {output}": output.encode() for output in outputs}
    return [name for name, content in contents.items() if KEY.encode() in content]


def processes_with_the_key(running, what):
    """The command lines of the run's processes that hold the key in `environ` or `cmdline`."""
    holders = [folder for folder in running.processes().values() if KEY.encode() in (folder / what).read_bytes()]
    return [(folder / "cmdline").read_bytes().replace(b"\0", b" ").decode() for folder in holders]


def headers_of(api):
    return {name.lower(): value for name, value in api.requests[0].headers.items()}


@pytest.fixture(scope="module", autouse=True)
def runs(workers, tmp_path_factory):
    """Both whole runs, at once."""
    started = [run_with_variable, killed_run_with_file]
    return {run: workers.submit(run, tmp_path_factory.mktemp("run")) for run in started}


@pytest.fixture
def with_variable(runs):
    return runs[run_with_variable].result()


@pytest.fixture
def killed_with_file(runs):
    return runs[killed_run_with_file].result()


# --- A run with the key from the environment


def run_with_variable(folder):
    """A run to the published candles; what arrived, what came of it, and which processes had the key meanwhile."""
    with Api(once(status=503, delay=2)) as api:
        pipeline = live(folder / "data", api, "--coingecko-plan=demo")
        with replace(pipeline, env={"COINGECKO_API_KEY": KEY}).started("Publish") as running:
            api.wait_for_a_request()
            holders = processes_with_the_key(running, "environ")
            result = running.wait()
    return {"headers": headers_of(api), "holders": holders, "result": result, "data_dir": pipeline.data_dir}


def test_the_key_of_the_environment_arrives_in_the_header_of_its_plan(with_variable):
    assert (with_variable["headers"].get(HEADER), with_variable["result"].exit_code) == (KEY, 0)


def test_the_key_of_the_environment_is_not_handed_on_to_children(with_variable):
    (holder,) = with_variable["holders"]
    assert "luigi" in holder


def test_the_key_is_in_no_file_and_in_no_output(with_variable):
    result = with_variable["result"]
    assert places_of_the_key(with_variable["data_dir"], result.stdout, result.stderr) == []


# --- A run with the key from a file, killed while it waits for the answer


def killed_run_with_file(folder):
    """What arrived, which processes showed the key, and what was left behind."""
    file = folder / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    options = ("--coingecko-plan=demo", f"--coingecko-api-key-file={file}", "--coingecko-timeout-seconds=300")
    with Api(always(delay=FOR_EVER)) as api:
        pipeline = live(folder / "data", api, *options)
        with pipeline.started("Publish") as running:
            api.wait_for_a_request()
            shown = [processes_with_the_key(running, what) for what in ("environ", "cmdline")]
            running.kill_group()
            result = running.wait()
    return {"headers": headers_of(api), "shown": shown, "result": result, "data_dir": pipeline.data_dir}


def test_the_key_of_a_file_arrives_in_the_header_of_its_plan(killed_with_file):
    assert killed_with_file["headers"].get(HEADER) == KEY


def test_the_key_of_a_file_shows_in_no_process(killed_with_file):
    assert killed_with_file["shown"] == [[], []]


def test_a_killed_run_leaves_the_key_in_no_file(killed_with_file):
    result = killed_with_file["result"]
    assert places_of_the_key(killed_with_file["data_dir"], result.stdout, result.stderr) == []


# --- An API that would have the key elsewhere


def test_a_redirect_to_another_host_is_not_followed_with_the_key(tmp_path, key_file):
    with Api(truly) as other:
        away = always(status=302, headers={"Location": f"{other.base_url}/coins/bitcoin/market_chart/range"})
        with Api(away) as api:
            result = live(tmp_path / "data", api, *key_file).run("VerifyData")
    assert (result.exit_code, other.came_at) == (20, []), result.stderr


def test_an_answer_that_echoes_the_key_puts_it_into_no_file_and_no_output(tmp_path, key_file):
    echo = b'{"status": {"error_code": 10002, "error_message": "bad key %s"}}' % KEY.encode()
    with Api(always(status=401, body=echo)) as api:
        pipeline = live(tmp_path / "data", api, *key_file)
        result = pipeline.run("VerifyData")
    assert result.exit_code == 20
    assert places_of_the_key(pipeline.data_dir, result.stdout, result.stderr) == []


# --- A key that cannot be used


@dataclass(frozen=True, eq=False)
class BadKey:
    """What lies where the key file should be."""

    name: str
    content: str | None
    mode: int
    names: str

    def write(self, file: Path) -> None:
        if self.content is not None:
            file.write_text(self.content)
            file.chmod(self.mode)

    def __str__(self) -> str:
        return self.name


BAD_KEYS = [
    BadKey("missing", None, 0, "No such file"),
    BadKey("readable by all", KEY, 0o644, "others can read"),
    BadKey("readable by the group", KEY, 0o640, "others can read"),
    BadKey("empty", "", 0o600, "no key"),
    BadKey("of two lines", f"{KEY}\nCG-OtherKey0123456789", 0o600, "one CoinGecko key"),
    BadKey("of a line too long", "k" * 2000, 0o600, "one CoinGecko key"),
]


@pytest.fixture(scope="module", autouse=True)
def refusals(run_ahead, tmp_path_factory):
    def run(key):
        folder = tmp_path_factory.mktemp("keys")
        key.write(folder / "key")
        with Api(truly) as api:
            options = ("--coingecko-plan=demo", f"--coingecko-api-key-file={folder / 'key'}")
            pipeline = live(folder / "data", api, *options)
            return pipeline.refused("ExtractAndLoad"), len(api.came_at), folder / "key"

    return run_ahead(run, BAD_KEYS)


@pytest.mark.parametrize("case", BAD_KEYS, ids=str)
def test_a_key_that_cannot_be_used_ends_with_2_and_one_line_that_names_its_file(case, refusals):
    result, _, file = refusals[case].result()
    assert (result.exit_code, len(result.errors)) == (2, 1), result.stderr
    assert [name for name in (case.names, str(file)) if name not in result.errors[0]] == [], result.errors[0]


@pytest.mark.parametrize("case", BAD_KEYS, ids=str)
def test_with_a_key_that_cannot_be_used_nothing_is_asked(case, refusals):
    _, requests, _ = refusals[case].result()
    assert requests == 0


@pytest.mark.parametrize("case", BAD_KEYS, ids=str)
def test_a_key_that_cannot_be_used_is_not_shown(case, refusals):
    result, *_ = refusals[case].result()
    assert KEY not in result.stderr + result.stdout


def test_a_plan_without_its_key_ends_with_2(tmp_path):
    with Api(truly) as api:
        result = live(tmp_path / "data", api, "--coingecko-plan=demo").refused("ExtractAndLoad")
    assert (result.exit_code, len(result.errors), len(api.came_at)) == (2, 1, 0), result.stderr
    assert "COINGECKO_API_KEY" in result.errors[0]
