"""What is installed is compared with the lock of a checkout, and of a wheel with what the package requires."""

from importlib import metadata

import pytest

from btc_pipeline.commands.doctor import packages


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that makes these the only installed packages: name, version, and what each requires."""

    def put(*found):
        for name, version, *required in found:
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in required)]
            (folder / "METADATA").write_text("\n".join(lines))
        monkeypatch.setattr(metadata, "distributions", lambda: metadata.Distribution.discover(path=[str(tmp_path)]))
        own = [required for name, _, *required in found if name == "btc_pipeline"]
        monkeypatch.setattr(metadata, "requires", lambda _: own[0])

    yield put
    packages._required.cache_clear()
    packages._installed.cache_clear()


@pytest.fixture(autouse=True)
def without_cache():
    packages._required.cache_clear()
    packages._installed.cache_clear()


@pytest.fixture
def as_a_wheel(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "_LOCK_FILE", tmp_path / "requirements.lock")


def test_without_a_lock_the_requirements_of_the_package_count(installed, as_a_wheel):
    installed(("btc_pipeline", "1.0.0", "duckdb==1.4.3", "dbt-core<1.12,>=1.11", "Rich"),
              ("duckdb", "1.4.3"), ("dbt_core", "1.11.16"), ("rich", "14"), ("other", "1"))  # fmt: skip
    assert packages.compared() == ("btc_pipeline", 3, [])


def test_a_version_that_the_package_does_not_allow_is_named(installed, as_a_wheel):
    installed(("btc_pipeline", "1.0.0", "duckdb==1.4.3", "dbt-core<1.12,>=1.11"),
              ("duckdb", "1.4.5"), ("dbt-core", "1.12.0"))  # fmt: skip
    assert packages.compared() == ("btc_pipeline", 0, ["dbt-core 1.12.0", "duckdb 1.4.5"])


def test_what_is_for_another_platform_or_an_extra_is_not_required(installed):
    installed(
        ("btc_pipeline", "1.0.0", "nosuchos; sys_platform == 'win32'", "plots; extra == 'plots'", "here; extra == ''")
    )
    assert packages.must_have() == ["btc-pipeline", "here"]
    assert packages.missing() == ["here"]


def test_a_lock_beside_the_package_is_what_counts(installed, tmp_path, monkeypatch):
    installed(("btc_pipeline", "1.0.0", "duckdb>=1"), ("duckdb", "1.4.5"))
    (tmp_path / "requirements.lock").write_text("duckdb==1.4.3 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(packages, "_LOCK_FILE", tmp_path / "requirements.lock")
    assert packages.compared() == ("requirements.lock", 0, ["duckdb 1.4.5"])
