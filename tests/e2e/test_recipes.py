"""docs/extending.md, followed literally: what it says to write is written into a copy of the project, and works."""

import re
import shutil
import subprocess
import sys

import pytest

from btc_pipeline.transform import declared_tests
from tests.e2e.command_line import ROOT, copy_of_project
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.long

STEP = re.compile(
    r"^(?:New file|In) `(?P<file>[^`]+)`"
    r"(?:, (?P<side>after|before) the line (?P<begins>that begins with )?`(?P<line>[^`]+)`)?:"
    r"\n\n```\w+\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ONE_FAULT = """
from btc_pipeline import __main__
from btc_pipeline.selftest import model_faults
model_faults.ALL = tuple(each for each in model_faults.ALL if each.check == {check!r})
__main__.main(["selftest"])
"""


PUBLIC_VIEW = """
from btc_pipeline.settings import public, reader
print(public.shown(reader.load()))
"""
OF_THE_MODELS = """
from btc_pipeline.settings import reader
print(reader.load().significant("Transform"))
"""


def follow(recipe, project):
    """Do what a recipe of the page says; how many files were written to."""
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    text = page.split(f"\n## {recipe}\n")[1].split("\n## ")[0]
    steps = list(STEP.finditer(text))
    for step in steps:
        path = project / step["file"]
        if step["line"] is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step["code"])
            continue
        lines = path.read_text().splitlines(keepends=True)
        found = [
            number
            for number, line in enumerate(lines)
            if (line.startswith(step["line"]) if step["begins"] else line == step["line"] + "\n")
        ]
        assert len(found) == 1, (step["file"], step["line"])
        lines.insert(found[0] + (step["side"] == "after"), step["code"])
        path.write_text("".join(lines))
    return len(steps)


def ended(project, *arguments):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=PATIENCE, check=False)


def made(project, target):
    """What make said, without installing anything."""
    shutil.copy(ROOT / "Makefile", project)
    (project / ".venv").symlink_to(sys.prefix)
    command = ["make", "-s", "-o", ".venv/.installed", target]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return ended.stdout + ended.stderr


@pytest.fixture
def project(tmp_path):
    return copy_of_project(tmp_path)


def test_a_setting_that_is_added_by_the_recipe_is_read_checked_and_documented(project):
    shutil.copytree(ROOT / "docs", project / "docs")
    assert follow("A setting", project) == 1
    assert made(project, "reference") == ""
    assert "\nanomaly_score = 8\n" in (project / "luigi.cfg").read_text()
    assert "**`anomaly_score`** (default: `8`)" in (project / "docs/settings.md").read_text()
    plan = ("-m", "btc_pipeline", "plan", "--pipeline-source", "sample")
    good = ended(project, *plan, "--pipeline-anomaly-score", "5")
    bad = ended(project, *plan, "--pipeline-anomaly-score", "1")
    assert (good.returncode, good.stderr) == (0, "")
    assert bad.returncode == 2
    assert "[pipeline] anomaly_score = '1': must lie between 2 and 100" in bad.stderr
    assert "('pipeline', 'anomaly_score', '8')" in ended(project, "-c", PUBLIC_VIEW).stdout
    assert "('anomaly_score', 8.0)" in ended(project, "-c", OF_THE_MODELS).stdout


@pytest.mark.sweep  # `make selftest` has each fault and its check
@pytest.mark.turn("a project that is changed", "a new check")
def test_a_check_that_is_added_by_the_recipe_catches_its_fault(project):
    assert follow("A check, with its fault", project) == 2
    check = "singular:assert_no_candle_ends_before_it_begins"
    assert declared_tests.declared(project / "dbt_project")[check] == 1
    selftest = ended(project, "-c", ONE_FAULT.format(check=check))
    assert selftest.returncode == 0, selftest.stderr
    assert re.search(rf"^candle that ends before it begins +fails +2 +{check}\b", selftest.stdout, re.MULTILINE)
    assert selftest.stdout.endswith("\n1 of 1 faults caught\n")
