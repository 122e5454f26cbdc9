"""The data tests on one connection: what their rows mean, and the SQL that is kept."""

import json
from typing import Any

import duckdb
import pytest

from btc_pipeline.transform import data_tests
from btc_pipeline.transform.data_tests import DataTest
from btc_pipeline.warehouse.duckdb_files import DamagedDatabaseError

SQL = {"test.a": "select 1", "test.b": "select 2"}


@pytest.fixture
def database(tmp_path):
    """A database of three coins, two of which have a day."""
    path = tmp_path / "crypto_data.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table candles as
            from (values ('bitcoin', 'usd', date '2026-05-13', 3), ('solana', 'usd', date '2026-05-14', 4))
                as rows (coin_id, vs_currency, date, wrong)
            """
        )
    return path


def a_test(sql, **config):
    """A data test of the SQL."""
    given: dict[str, Any] = {
        "needs": frozenset({"model.candles"}),
        "meaning": "ours",
        "is_confirmable": False,
        "severity": "error",
    }
    return DataTest(unique_id="test.it", name="singular:it", short_name="it", sql=sql, **given | config)


def outcome(database, sql, **config):
    """How such a test goes."""
    (node,) = data_tests.outcomes(database, [a_test(sql, **config)], set(), lambda name: None)
    return node


def test_a_test_without_rows_passes(database):
    node = outcome(database, "select * from candles where wrong > 4")
    assert (node["status"], node["failures"], node["message"]) == ("pass", 0, "")
    assert (node["kind"], node["name"], node["meaning"], node["severity"]) == ("test", "singular:it", "ours", "error")


def test_a_test_with_rows_fails_and_says_of_which_coins_and_days(database):
    node = outcome(database, "select * from candles -- all of them")
    assert (node["status"], node["failures"]) == ("fail", 2)
    assert node["message"] == "2 results, configured to fail if != 0"
    assert [(place["coin_id"], place["date"]) for place in node["places"]] == [
        ("bitcoin", "2026-05-13"),
        ("solana", "2026-05-14"),
    ]


def test_a_test_whose_rows_say_no_day_has_no_places(database):
    assert outcome(database, "select coin_id from candles")["places"] is None


def test_a_doubt_warns(database):
    node = outcome(database, "from candles where wrong = 3", severity="warn", meaning="doubt")
    assert (node["status"], node["failures"]) == ("warn", 1)
    assert node["message"] == "1 result, configured to warn if != 0"


@pytest.mark.parametrize(
    ("config", "status", "failures"),
    [
        ({"error_if": "> 2"}, "warn", 2),
        ({"error_if": "> 2", "warn_if": "> 2"}, "pass", 0),
        ({"limit": 1}, "fail", 1),
        ({"fail_calc": "sum(wrong)", "error_if": "> 6"}, "fail", 7),
        ({"fail_calc": "sum(wrong)", "error_if": "> 7", "warn_if": "> 7"}, "pass", 0),
    ],
)
def test_the_limits_of_a_test_are_those_of_dbt(database, config, status, failures):
    node = outcome(database, "from candles", **config)
    assert (node["status"], node["failures"]) == (status, failures)


def test_a_test_that_cannot_run_is_an_error_and_the_others_run(database):
    broken, good = a_test("select nothing from candles"), a_test("from candles where false")
    first, second = data_tests.outcomes(database, [broken, good], set(), lambda name: None)
    assert (first["status"], second["status"]) == ("error", "pass")
    assert "nothing" in first["message"]
    assert "\n" not in first["message"]


def test_a_test_of_what_was_not_built_is_skipped_and_counted(database):
    finished = list[str]()
    (node,) = data_tests.outcomes(database, [a_test("from candles")], {"model.candles"}, finished.append)
    assert node["status"] == "skipped"
    assert finished == ["it"]


def test_a_test_cannot_change_what_it_tests(database):
    assert outcome(database, "delete from candles returning *")["status"] == "error"
    assert outcome(database, "from candles where wrong > 4")["status"] == "pass"
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from candles").fetchone() == (2,)


def test_a_damaged_database_is_no_outcome(database):
    database.write_bytes(b"damaged" * 4096)
    with pytest.raises(DamagedDatabaseError, match="crypto_data"):
        outcome(database, "from candles")


def test_what_is_kept_is_for_its_version(tmp_path):
    data_tests.remember(tmp_path, "one", SQL)
    assert data_tests.known(tmp_path, "one") == SQL
    assert data_tests.known(tmp_path, "two") == {}
    assert data_tests.known(tmp_path / "elsewhere", "one") == {}


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda record: record | {"sql": record["sql"] | {"test.a": "select 1 where false"}},
        lambda record: record | {"sql": {"test.a": "select 1"}},
        lambda record: record | {"sql": None},
        lambda record: record | {"hash": ""},
        lambda record: {"sql": record["sql"], "version": "one"},
        lambda record: [record],
    ],
    ids=["other SQL", "a test less", "no SQL", "no hash", "hash gone", "list"],
)
def test_what_is_not_as_it_was_written_is_compiled_again(tmp_path, spoilt):
    data_tests.remember(tmp_path, "one", SQL)
    path = tmp_path / data_tests.RECORD
    path.write_text(json.dumps(spoilt(json.loads(path.read_text()))))
    assert data_tests.known(tmp_path, "one") == {}


def test_a_cut_record_is_compiled_again(tmp_path):
    data_tests.remember(tmp_path, "one", SQL)
    path = tmp_path / data_tests.RECORD
    path.write_bytes(path.read_bytes()[:-9])
    assert data_tests.known(tmp_path, "one") == {}
