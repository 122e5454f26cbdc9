"""Recording: what an API answered is kept word for word, without the key, and can be replayed without it."""

import json
import shlex
from datetime import datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from tests.e2e import published
from tests.e2e.command_line import Pipeline
from tests.e2e.live_api import INSTANT, Api, always, truly
from tests.support import commands

pytestmark = pytest.mark.long

KEY = "CG-canary0123456789abcdef"
NAMES = [
    "bitcoin_usd_14d_ohlc_2026-05-15.json",
    "bitcoin_usd_1d_5min_2026-05-15.json",
    "bitcoin_usd_7d_hourly_2026-05-15.json",
]


def recorded(folder, base_url, *options):
    """Exit code, stdout, stderr."""
    command = ["record", str(folder), "--coingecko-base-url", base_url]
    given = ("--pipeline-source", "live", "--pipeline-now", INSTANT.isoformat(), "--coingecko-retries", "0", *options)
    ended = commands.run("btc-pipeline", [*command, *given])
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A folder of recordings, made with a key, and what the command said."""
    folder = tmp_path_factory.mktemp("record") / "it is here"
    key_file = folder.parent / "key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    with Api(truly) as api:
        told = recorded(folder, api.base_url, "--coingecko-plan", "demo", "--coingecko-api-key-file", str(key_file))
        assert KEY in {value for request in api.requests for value in request.headers.values()}
    return folder, told


def test_the_answers_are_kept_word_for_word(recording):
    folder, (exit_code, _, stderr) = recording
    assert exit_code == 0, stderr
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    ohlc, fine, chart = (json.loads((folder / name).read_text()) for name in NAMES)
    midnight = datetime(2026, 5, 8, tzinfo=timezone.utc)
    assert chart == synthetic.market_chart("bitcoin", "usd", midnight, INSTANT, INSTANT)
    assert fine == synthetic.market_chart("bitcoin", "usd", INSTANT - timedelta(days=1), INSTANT, INSTANT)
    assert ohlc == synthetic.ohlc("bitcoin", "usd", 14, INSTANT)


def test_the_key_is_nowhere(recording):
    folder, (_, stdout, stderr) = recording
    assert KEY not in stdout + stderr
    assert [path for path in folder.iterdir() if KEY.encode() in path.read_bytes()] == []


def test_the_replay_that_is_named_makes_the_candles_of_the_answers_themselves(recording, first_run, tmp_path):
    folder, (_, stdout, _) = recording
    options = stdout.splitlines()[-1].partition("btc-pipeline run ")[2]
    assert f"--pipeline-recordings {shlex.quote(str(folder))}" in options
    luigi_s = options.replace("--sample", "--pipeline-source=sample")
    replayed = Pipeline(tmp_path / "replayed", shlex.split(luigi_s), now=None)
    assert replayed.run("Publish").exit_code == 0
    from_recording, from_sample = (pipeline.sample / "crypto_data.duckdb" for pipeline in (replayed, first_run[0]))
    assert published.values_as_text(from_recording) == published.values_as_text(from_sample)


def test_what_is_there_is_not_written_over(recording, tmp_path):
    (tmp_path / NAMES[2]).write_text("precious")
    with Api(truly) as api:
        exit_code, _, stderr = recorded(tmp_path, api.base_url)
    assert (exit_code, stderr.count("\n")) == (2, 1)
    assert f"there is another recording: {tmp_path / NAMES[2]}" in stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(("answer", "exit_code", "words"), [
    (always(status=404, body=b'{"error": "coin not found"}'), 20, "HTTP 404, coin not found"),
    (always(body=b'{"prices": [[1, 2]], "market_caps": [], "total_volumes": []}'), 20, "is not kept: row 0: time 1"),
], ids=["refused", "no market chart"])  # fmt: skip
def test_a_bad_answer_is_no_recording(answer, exit_code, words, tmp_path):
    with Api(answer) as api:
        ended = recorded(tmp_path / "none", api.base_url)
    assert ended[0] == exit_code
    assert words in ended[2]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("options", "words"), [
    (("--pipeline-source", "sample"), "samples are not recorded"),
    (("--pipeline-coins", "some.coin"), "some.coin cannot be recorded"),
])  # fmt: skip
def test_what_cannot_be_recorded_is_refused_before_anything_is_asked(options, words, tmp_path):
    with Api(truly) as api:
        exit_code, _, stderr = recorded(tmp_path / "none", api.base_url, *options)
    assert (exit_code, api.came_at) == (2, [])
    assert words in stderr
