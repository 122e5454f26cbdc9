"""The lean import of PyAirbyte: the same table as with the plain import, and none of what it leaves out."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.extract import fetch as extract
from btc_pipeline.extract import requests
from btc_pipeline.lake import raw_archive
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from tests.support.faulty_server import FaultAnswer, FaultyServer
from tests.support.patience import PATIENCE
from tests.support.swept import swept

pytestmark = pytest.mark.long

KEY = "CG-Test0123456789abcdef"
NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory):
    """The workspace of a run of the connector for two coins, with the lean import and with the plain one."""
    workspaces = {kind: Workspace(tmp_path_factory.mktemp(kind), "sample") for kind in ("lean", "plain")}
    for kind, workspace in workspaces.items():
        fetch(settings_in(workspace), workspace, is_lean=kind == "lean")
    return workspaces


def fetch(settings, workspace, *, is_lean=True):
    asked = requests.of_run(settings, NOW.date(), NOW, settings.pairs)
    return extract.fetch(settings, workspace, asked, extract.Options(workspace.cache, is_lean=is_lean))


@pytest.fixture(params=["lean", "plain"])
def workspace(request, workspaces):
    return workspaces[request.param]


def settings_in(workspace):
    return Settings(
        data_dir=workspace.data_dir,
        source="sample",
        recordings=None,
        coins=("bitcoin", "kishu-inu"),
        vs_currencies=("usd",),
        days=7,
        max_age_hours=6.0,
        min_coverage=0.9,
        repeat_hours=12.0,
        five_minute_points=True,
        second_opinion=True,
        second_opinion_limit_bps=1.0,
        summary="table",
        now=NOW,
        plan="keyless",
        base_url="https://api.coingecko.com/api/v3",
        api_key_file=None,
        calls_a_minute=1000,
        calls_a_month=0,
        timeout_seconds=20.0,
        retries=0,
        max_wait_seconds=0.0,
        deadline_seconds=120.0,
    )


def table_of(workspace):
    """Names, types and values of the table's columns, without Airbyte's own, of which some are random or times."""
    with duckdb.connect(str(workspace.cache), read_only=True) as connection:
        relation = connection.execute("from raw.market_chart order by coin_id")
        kept = [number for number, column in enumerate(relation.description) if not column[0].startswith("_airbyte")]
        columns = [(relation.description[number][0], str(relation.description[number][1])) for number in kept]
        return columns, [tuple(row[number] for number in kept) for row in relation.fetchall()]


def python(script):
    environment = os.environ | {"BTC_PIPELINE_CHILD": "1", "AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


# --- The same table


def test_both_imports_make_the_same_table(workspaces):
    assert table_of(workspaces["lean"]) == table_of(workspaces["plain"])


def test_both_imports_put_the_same_answers_into_the_archive(workspaces):
    lean, plain = (raw_archive.entries(workspaces[kind].raw, MARKET_CHART)[0] for kind in ("lean", "plain"))
    assert lean == plain


def test_the_table_has_a_row_for_each_coin_with_its_answer_word_for_word(workspace):
    columns, rows = table_of(workspace)
    records = [dict(zip([name for name, _ in columns], row, strict=True)) for row in rows]
    assert [record["coin_id"] for record in records] == ["bitcoin", "kishu-inu"]
    for record in records:
        assert json.loads(record["answer"])["prices"] == json.loads(record["prices"])


def test_tiny_prices_keep_their_digits_in_the_cache(workspace):
    columns, rows = table_of(workspace)
    prices = json.loads(rows[1][[name for name, _ in columns].index("prices")])
    assert all(0 < price < 1e-6 and len(repr(price)) > 12 for _, price in prices)


def test_the_scratch_folder_is_gone_after_the_run(workspace):
    assert list(workspace.temporary.iterdir()) == []


# --- The connector, whatever was before


@pytest.mark.parametrize("name", ["no_proxy", *swept(["NO_PROXY"])])
def test_the_sample_is_asked_for_past_any_proxy(name, tmp_path, monkeypatch):
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    for each in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "intranet.example")
    workspace = Workspace(tmp_path, "sample")
    assert len(fetch(settings_in(workspace), workspace).charts) == 2


def test_an_extraction_that_failed_is_no_obstacle_to_the_next_of_its_process(tmp_path):
    workspace = Workspace(tmp_path, "sample")
    assert fetch(replace(settings_in(workspace), coins=("no-such-coin",)), workspace).charts == []
    assert len(fetch(settings_in(workspace), workspace).charts) == 2


def test_an_extraction_that_cannot_begin_leaves_no_process_behind(tmp_path):
    workspace = Workspace(tmp_path, "sample")
    with pytest.raises(ConfigurationError):
        fetch(replace(settings_in(workspace), recordings=tmp_path / "gone"), workspace)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children]
    assert [command for command in commands if extract.CONNECTOR in command] == []


ECHOES = {
    "refused": FaultAnswer(401, body=f'{{"error": "unknown key {KEY}"}}'.encode()),
    "failed": FaultAnswer(500, body=f"key {KEY}".encode()),
    "redirected": FaultAnswer(302, headers={"Location": f"https://{KEY}.example/"}),
    "in a header": FaultAnswer(401, headers={"X-Key": KEY}, body=b"{}"),
    "in an answer": FaultAnswer(body=f'{{"prices": [[1778851800123, 0.1]], "for": "{KEY}"}}'.encode()),
}


# tests/e2e/test_keys.py has a run that is refused so
@pytest.mark.parametrize("echo", ["in an answer", *swept(["in a header", "refused", "failed", "redirected"])])
def test_a_key_that_the_api_repeats_is_neither_shown_nor_kept(echo, tmp_path):
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o600)
    workspace = Workspace(tmp_path / "data", "live")
    with FaultyServer(synthetic, lambda path, number: ECHOES[echo], NOW) as server:
        live = replace(
            settings_in(workspace), source="live", plan="demo", base_url=server.base_url, coins=("bitcoin",),
            api_key_file=tmp_path / "key",
        )  # fmt: skip
        shown = "".join(f"{error} {error!r}" for _, error in fetch(live, workspace).failed)
        assert {request.headers["x-cg-demo-api-key"] for request in server.requests} == {KEY}
    kept = [path for path in workspace.data_dir.rglob("*") if path.is_file() and KEY.encode() in content_of(path)]
    assert kept == []
    assert KEY.lower() not in shown.lower()


def content_of(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


# --- What is left out

LEAN_IMPORT = """
import json, sys
from btc_pipeline.coingecko.connector import lean_imports
lean_imports.install()
from airbyte._executors.declarative import DeclarativeExecutor
from airbyte.caches.duckdb import DuckDBCache
from airbyte.sources.base import Source
print(json.dumps({
    "loaded": [name for name, module in sys.modules.items() if getattr(module, "__file__", None)],
    "called": [each.__init__.__code__.co_filename for each in (Source, DeclarativeExecutor)],
}))
"""


@pytest.fixture(scope="module")
def imported():
    """What a process has loaded after the lean import, and where what it calls is from."""
    result = python(LEAN_IMPORT)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_no_library_that_is_left_out_is_loaded(imported):
    names = {"pandas", "pyarrow", "boto3", "botocore", "airbyte_api", "snowflake.connector", "google.cloud.bigquery"}
    assert names & set(imported["loaded"]) == set()
    assert "airbyte.sources.base" in imported["loaded"]


def test_what_is_called_is_real(imported):
    assert str(imported["called"]).count("site-packages/airbyte/") == 2


@pytest.mark.parametrize("early", ["airbyte", "airbyte.caches", "pandas", "boto3", "pyarrow"])
def test_it_refuses_to_come_too_late(early):
    result = python(
        f"import sys, types\nsys.modules[{early!r}] = types.ModuleType({early!r})\n"
        "from btc_pipeline.coingecko.connector import lean_imports\nlean_imports.install()"
    )
    assert f"RuntimeError: already imported: {early}" in result.stderr


def test_a_refusal_changes_nothing():
    result = python(
        "import sys, types\nsys.modules['pandas'] = types.ModuleType('pandas')\nbefore = list(sys.meta_path)\n"
        "from btc_pipeline.coingecko.connector import lean_imports\n"
        "try: lean_imports.install()\nexcept RuntimeError: print('airbyte' in sys.modules, sys.meta_path == before)"
    )
    assert result.stdout == "False True\n", result.stderr


def test_a_placeholder_has_every_name_but_the_private_ones_of_python():
    result = python(
        "from btc_pipeline.coingecko.connector import lean_imports\nlean_imports.install()\n"
        "import pandas.core.frame\nfrom google.cloud.bigquery import Client\n"
        "print(pandas.DataFrame.__module__, Client.__name__, hasattr(pandas, '__version__'))"
    )
    assert result.stdout == "pandas Client False\n", result.stderr
