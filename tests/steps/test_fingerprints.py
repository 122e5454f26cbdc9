"""What a step's output is made from, as one hash: the same for the same files, wherever they lie."""

import shutil
from importlib import metadata

import pytest

from btc_pipeline.steps import fingerprints
from btc_pipeline.system.project import DBT_PROJECT, PACKAGE

PATTERNS = ("btc_pipeline/steps/*.py", "dbt_project/models/**/*", "dbt_project/*.yml")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The project's files as a wheel has them: the dbt project inside the package."""
    package = tmp_path / "site-packages" / "btc_pipeline"
    shutil.copytree(PACKAGE / "steps", package / "steps")
    shutil.copytree(DBT_PROJECT, package / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    before = fingerprints.of_sources(PATTERNS)
    monkeypatch.setattr(fingerprints, "_FOLDERS", {"btc_pipeline": package, "dbt_project": package / "dbt_project"})
    fingerprints.of_sources.cache_clear()
    yield before, package
    fingerprints.of_sources.cache_clear()


def test_a_wheel_has_the_fingerprint_of_the_checkout_that_it_was_built_from(installed):
    in_the_checkout, _ = installed
    assert fingerprints.of_sources(PATTERNS) == in_the_checkout


def test_a_file_of_the_dbt_project_counts_by_its_content_and_its_name(installed):
    in_the_checkout, package = installed
    model = package / "dbt_project/models/marts/price_gaps.sql"
    model.rename(model.with_name("gaps_of_price.sql"))
    assert fingerprints.of_sources(PATTERNS) != in_the_checkout


def test_a_pattern_that_nothing_matches_is_named(installed):
    with pytest.raises(FileNotFoundError, match="the project is not whole: nothing matches dbt_project/gone"):
        fingerprints.of_sources((*PATTERNS, "dbt_project/gone/*"))


def test_the_versions_are_those_that_are_installed():
    assert fingerprints.versions_of(("duckdb", "dbt-core")) == (
        f"duckdb {metadata.version('duckdb')}, dbt-core {metadata.version('dbt-core')}"
    )


def test_a_package_that_is_not_installed_has_no_version():
    assert fingerprints.versions_of(("no-such-package",)) == "no-such-package -"
