"""`make docs`: the models' documentation as one page, from the sources to the chart."""

import subprocess
import sys

import pytest
import yaml

from btc_pipeline.system.project import DBT_PROJECT
from tests.e2e.command_line import copy_of_project
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.long


def docs(folder):
    """`make docs` in a project that has never run; exit code, stderr, page."""
    command = [sys.executable, "-m", "btc_pipeline.commands.dbt_docs"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return ended, folder / "data/docs/index.html"


def test_the_page_has_each_model_seed_and_exposure_and_needs_no_run_before(tmp_path):
    ended, page = docs(copy_of_project(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "data/docs/index.html\n"
    text = page.read_text(encoding="utf-8")
    exposures = yaml.safe_load((DBT_PROJECT / "models/exposures.yml").read_text(encoding="utf-8"))["exposures"]
    names = {path.stem for path in [*(DBT_PROJECT / "models").rglob("*.sql"), *(DBT_PROJECT / "seeds").glob("*.csv")]}
    assert [name for name in names | {each["name"] for each in exposures} if f'"{name}"' not in text] == []


@pytest.mark.sweep
@pytest.mark.turn("a project that is changed", "a broken model")
def test_a_broken_model_ends_with_40_one_line_and_no_page(tmp_path):
    project = copy_of_project(tmp_path)
    model = project / "dbt_project/models/marts/price_gaps.sql"
    model.write_text(model.read_text() + "where no_such_column\n")
    ended, page = docs(project)
    assert (ended.returncode, ended.stderr.count("\n")) == (40, 1), ended.stderr
    assert "dbt run has failed" in ended.stderr
    assert "no_such_column" in ended.stderr
    assert not page.exists()
