"""The commands of README.md and of docs/, run as they stand on a day that is not today: dates in them must not rot."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.simulator.server import ReplayServer
from tests.e2e.command_line import NOW, ROOT
from tests.e2e.live_api import INSTANT
from tests.support.swept import swept

pytestmark = pytest.mark.long

BLOCK = re.compile(r"(?:^    .*\S.*\n)+", re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {"btc-pipeline", "luigi"}

ELSEWHERE = {
    "selftest": "takes minutes; tests/selftest",
    "record": "needs answers of the clock's day; tests/e2e/test_record.py",
    "quarantine": "the answer is an example; tests/commands/test_answers.py",
    "release": "the answer is an example; tests/commands/test_answers.py",
    "RangeDaily": "its days are Luigi's, by the clock; tests/e2e/test_reruns.py",
    "completion": "nothing of it depends on a day; tests/cli/test_app.py",
    "--as-of": "what had been extracted then; tests/e2e/test_evidence.py",
    "init": "there is a luigi.cfg here; tests/commands/test_init.py",
    "2025-11-25_2026-11-23": "an example of a name; tests/commands/test_report.py",
    "[OPTIONS]": "says how a command is called; tests/cli/test_app.py",
    "<name>": "a style to be written; tests/e2e/test_recipes.py",
    "--pipeline-anomaly-score": "a setting to be written; tests/e2e/test_recipes.py",
}
"""Words of commands that are not run here, and where they are."""

LISTED = {("btc-pipeline", "why")}
"""What stands in a list of commands, without what it needs."""

OFFLINE = {"doctor": 20, "luigi": 20}
"""What ends with another code if CoinGecko does not answer, as README.md says."""


def commands_of(page):
    """The commands of a page that name one of our programs: without comments, pipes, and the places of programs."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = [*SHELL.findall(text), *BLOCK.findall(FENCE.sub("", text))]
    found = []
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        program = Path(line.split()[0]).name if line.strip() else ""
        if program in PROGRAMS:
            found.append((program, *shlex.split(line.partition(" | ")[0], comments=True)[1:]))
    found = [command for command in dict.fromkeys(found) if not set(command) & set(ELSEWHERE)]
    return [command for command in found if command not in LISTED]


PAGES = [
    page
    for page in ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")))
    if commands_of(page)
]


def failed(folder, base_url, commands, codes):
    """The commands that did not end as they should, with what they said; each is run in the same folder."""
    (folder / "luigi.cfg").write_text(
        f"[pipeline]\nsource = live\nnow = {NOW}\n[coingecko]\nbase_url = {base_url}\nretries = 0\n"
        "calls_a_minute = 1000\n[core]\nno_configure_logging = true\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BTC_", "LUIGI_"))}
    environment |= {"BROWSER": "true %s", "PATH": f"{ROOT}/.venv/bin{os.pathsep}{os.environ['PATH']}"}
    wrong = []
    for command in commands:
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        code = next((codes[word] for word in command if word in codes), 0)
        if ended.returncode != code or "Traceback" in ended.stderr:
            wrong.append(f"{shlex.join(command)}: {ended.returncode}\n{ended.stderr}")
    return wrong


@pytest.fixture
def base_url():
    """The root of an API that answers as CoinGecko would have on that day."""
    with ReplayServer(synthetic, now=INSTANT) as server:
        yield server.base_url


def test_the_readme_s_commands_work(base_url, tmp_path):
    assert failed(tmp_path, base_url, commands_of("README.md"), {}) == []


def test_the_readme_s_commands_work_on_the_sample_that_a_run_without_an_answer_makes(tmp_path):
    assert failed(tmp_path, "http://127.0.0.1:1/api/v3", commands_of("README.md"), OFFLINE) == []
    assert (tmp_path / "data/latest").readlink() == Path("sample")


@pytest.mark.parametrize("page", swept([page for page in PAGES if page != "README.md"]))
def test_a_page_s_commands_work_after_a_first_run(page, base_url, tmp_path):
    assert failed(tmp_path, base_url, [("btc-pipeline", "run", "-q"), *commands_of(page)], {}) == []


def test_the_pages_have_commands_that_name_a_day():
    """So that this test does not pass because it finds none."""
    named = [command for page in PAGES for command in commands_of(page) if re.search(r"-\d+d\b", " ".join(command))]
    assert {"why", "plan", "Backfill", "Visualize"} <= {word for command in named for word in command}
