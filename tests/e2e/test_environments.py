"""Each environment of the table ends a run in one line before it has begun, or does no harm to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import environments, published
from tests.e2e.command_line import NOW
from tests.e2e.environments import HARMLESS, REFUSED
from tests.support.swept import swept

PROGRAM = str(Path(sys.executable).with_name("btc-pipeline"))
FOREIGN = ("LUIGI_", "COINGECKO_", "DBT_", "AIRBYTE_", "BTC_PIPELINE_", "MPL", "XDG_", "PYTHON", "SSL_CERT_")
ENDS_OF_FOREIGN = ("_PROXY", "_CA_BUNDLE")
ALWAYS = REFUSED[::4]


def is_foreign(name):
    return name.startswith(FOREIGN) or name.upper().endswith(ENDS_OF_FOREIGN)


@pytest.fixture
def run(tmp_path):
    """A function that runs in a folder with these environments."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*found, options=()):
        variables = {name: value for name, value in os.environ.items() if not is_foreign(name)}
        options = [*options, "--pipeline-now", NOW]
        for each in found:
            each.arrange(here)
            if each.config:
                (here / "luigi.cfg").write_bytes(
                    each.config if isinstance(each.config, bytes) else each.config.encode()
                )
            variables |= {name: value.replace("{here}", str(here)) for name, value in each.variables.items()}
            options += [option.replace("{here}", str(here)) for option in each.options]
        before = published.files_of(here)
        ended = subprocess.run(
            [PROGRAM, "run", *options],
            cwd=here, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        return ended, here, before

    return run


def refuse(environment, run):
    ended, here, before = run(environment)
    lines = [line for line in ended.stderr.splitlines() if " WARNING " not in line]
    assert (ended.returncode, len(lines), ended.stdout) == (environment.exit_code, 1, ""), ended.stderr
    assert [words for words in environment.says if words not in lines[0]] == [], lines[0]
    assert "Next: " in lines[0]
    assert environments.KEY not in ended.stderr
    assert published.files_of(here) == before


@pytest.mark.parametrize("environment", ALWAYS, ids=str)
def test_what_would_end_a_run_is_named_in_one_line_before_it_begins(environment, run):
    refuse(environment, run)


@pytest.mark.parametrize("environment", swept(each for each in REFUSED if each not in ALWAYS), ids=str)
def test_so_is_all_else(environment, run):
    refuse(environment, run)


def do_no_harm(found, run):
    ended, here, _ = run(*found, options=("--pipeline-source=sample", "--pipeline-coins=bitcoin"))
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return published.candles_as_text(here / "data/sample/crypto_data.duckdb")


@pytest.mark.long
def test_what_does_no_harm_does_none_all_at_once(run, first_run):
    pipeline, _ = first_run
    assert do_no_harm(HARMLESS, run) == published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


@pytest.mark.parametrize("environment", swept(HARMLESS), ids=str)
def test_nor_does_it_alone(environment, run, first_run):
    pipeline, _ = first_run
    assert do_no_harm([environment], run) == published.candles_as_text(pipeline.sample / "crypto_data.duckdb")


def test_the_page_is_that_of_the_table():
    assert environments.PAGE.read_text(encoding="utf-8") == environments.page()
