"""What a step's output is made from, as hashes: the same for the same files, wherever they lie."""

import os
import shutil
import subprocess
import sys
from importlib import metadata

import pytest

from btc_pipeline.steps import fingerprints
from btc_pipeline.system.project import DBT_PROJECT, PACKAGE
from tests.support.patience import PATIENCE

PATTERNS = ("models/**/*", "*.yml")
HASHES = f"""
from btc_pipeline.steps import fingerprints
print(fingerprints.__file__, fingerprints.of_code("Transform", is_sample=False), fingerprints.of_data({PATTERNS!r}))
"""


@pytest.fixture
def installed(tmp_path):
    """The package as a wheel has it: the dbt project inside."""
    package = tmp_path / "site-packages" / "btc_pipeline"
    unwanted = shutil.ignore_patterns("target", "logs", "__pycache__")
    shutil.copytree(PACKAGE, package, ignore=unwanted)
    shutil.copytree(DBT_PROJECT, package / "dbt_project", ignore=unwanted)
    return package


def hashes(package):
    """The hashes that a process computes which imports this package."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "BTC_PIPELINE_CHILD": "1"}
    command = [sys.executable, "-P", "-c", HASHES] if sys.version_info >= (3, 11) else [sys.executable, "-c", HASHES]
    ended = subprocess.run(
        command, cwd=package.parent, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    file, *found = ended.stdout.split()
    assert file == str(package / "steps/fingerprints.py")
    return found


def test_a_wheel_has_the_hashes_of_the_checkout_that_it_was_built_from(installed):
    here = [fingerprints.of_code("Transform", is_sample=False), fingerprints.of_data(PATTERNS)]
    assert hashes(installed) == here


def test_a_file_of_the_dbt_project_counts_by_its_content_and_its_name(installed):
    model = next(installed.rglob("price_gaps.sql"))
    model.rename(model.with_name("gaps_of_price.sql"))
    code, data = hashes(installed)
    assert code == fingerprints.of_code("Transform", is_sample=False)
    assert data != fingerprints.of_data(PATTERNS)


def test_a_module_that_the_step_imports_counts(installed):
    with (installed / "verify/gate.py").open("a") as source:
        source.write("\n")
    code, data = hashes(installed)
    assert code != fingerprints.of_code("Transform", is_sample=False)
    assert data == fingerprints.of_data(PATTERNS)


def test_the_versions_are_those_that_are_installed():
    versions = f"duckdb=={metadata.version('duckdb')} dbt-core=={metadata.version('dbt-core')}"
    assert fingerprints.of_packages(("duckdb", "dbt-core")) == versions


def test_a_package_that_is_not_installed_has_no_version():
    assert fingerprints.of_packages(("no-such-package",)) == "no-such-package==-"
