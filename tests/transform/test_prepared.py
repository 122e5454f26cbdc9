"""What dbt has prepared goes from one workspace to new ones; an installed wheel keeps it in the data folder."""

import pytest

from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.transform import data_tests, prepared, unit_test_results

UNITS = [{"kind": "unit_test", "name": "unit:a", "status": "pass", "message": ""}]


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A workspace of an installed wheel in which version `one` of the models was built."""
    monkeypatch.setattr(prepared, "IS_INSTALLED", True)
    workspace = Workspace(tmp_path, "sample")
    workspace.dbt_target.mkdir(parents=True)
    (workspace.dbt_target / "partial_parse.msgpack").write_bytes(b"parsed one")
    (workspace.dbt_target / "parsed.json").write_text('{"version": "one"}')
    data_tests.remember(workspace.dbt_target, "with these vars", {"test.a": "select 1"})
    unit_test_results.remember(workspace.dbt_target, "one", UNITS)
    return workspace


def test_a_checkout_keeps_it_in_the_dbt_project(tmp_path):
    assert prepared.folder(tmp_path) == DBT_PROJECT / "target" / "prepared"


def test_a_new_workspace_gets_what_another_has_prepared(built, tmp_path):
    prepared.keep(tmp_path, built, "one")
    new = Workspace(tmp_path, "live")
    prepared.bring(tmp_path, new)
    assert (new.dbt_target / "partial_parse.msgpack").read_bytes() == b"parsed one"
    assert data_tests.known(new.dbt_target, "with these vars") == {"test.a": "select 1"}
    assert unit_test_results.known(new.dbt_target, "one") == UNITS


def test_a_workspace_in_which_dbt_has_worked_stays_as_it_is(built, tmp_path):
    prepared.keep(tmp_path, built, "one")
    (built.dbt_target / "partial_parse.msgpack").write_bytes(b"its own")
    prepared.bring(tmp_path, built)
    assert (built.dbt_target / "partial_parse.msgpack").read_bytes() == b"its own"


def test_what_is_kept_follows_the_models(built, tmp_path):
    prepared.keep(tmp_path, built, "one")
    (built.dbt_target / "partial_parse.msgpack").write_bytes(b"parsed two")
    unit_test_results.remember(built.dbt_target, "two", UNITS)
    prepared.keep(tmp_path, built, "two")
    assert (tmp_path / "prepared/partial_parse.msgpack").read_bytes() == b"parsed two"


def test_models_whose_unit_tests_have_not_passed_are_not_kept(built, tmp_path):
    unit_test_results.forget(built.dbt_target)
    prepared.keep(tmp_path, built, "one")
    assert not (tmp_path / "prepared").exists()


@pytest.fixture
def project(tmp_path):
    """A dbt project of one model, and the target folder in which it was parsed."""
    (tmp_path / "project/models/deep").mkdir(parents=True)
    (tmp_path / "project/models/deep/prices.sql").write_text("select 1")
    (tmp_path / "target").mkdir()
    prepared.forget_another_parse(tmp_path / "project", tmp_path / "target")
    (tmp_path / "target/partial_parse.msgpack").write_bytes(b"parsed")
    return tmp_path / "project", tmp_path / "target"


def test_a_parse_of_the_same_files_is_used_again(project):
    prepared.forget_another_parse(*project)
    assert (project[1] / "partial_parse.msgpack").exists()


CHANGES = {
    "edited": lambda models: (models / "deep/prices.sql").write_text("select 2"),
    "moved": lambda models: (models / "deep/prices.sql").rename(models / "prices.sql"),
    "one more": lambda models: (models / "other.yml").write_text("models: []"),
    "gone": lambda models: (models / "deep/prices.sql").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_parse_of_other_files_is_forgotten(change, project):
    CHANGES[change](project[0] / "models")
    prepared.forget_another_parse(*project)
    assert not (project[1] / "partial_parse.msgpack").exists()


def test_a_parse_of_files_that_are_not_known_is_forgotten(project):
    (project[1] / "parsed.json").write_text("damaged")
    prepared.forget_another_parse(*project)
    assert not (project[1] / "partial_parse.msgpack").exists()
