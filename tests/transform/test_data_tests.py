"""The data tests on one connection: what their rows mean, and the SQL that is kept."""

import json
from typing import Any

import duckdb
import pytest

from btc_pipeline.transform import data_tests, days_under_test, tables, touched_days
from btc_pipeline.transform.data_tests import DataTest
from btc_pipeline.warehouse.database_errors import DamagedDatabaseError

SQL = {"test.a": "select 1", "test.b": "select 2"}


@pytest.fixture
def database(tmp_path):
    """A database of three coins, two of which have a day."""
    path = tmp_path / "crypto_data.duckdb"
    with duckdb.connect(str(path)) as connection:
        tables.create(connection)
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
    (node,) = data_tests.outcomes(database, [a_test(sql, **config)], set(), "one", lambda name: None)
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
    first, second = data_tests.outcomes(database, [broken, good], set(), "one", lambda name: None)
    assert (first["status"], second["status"]) == ("error", "pass")
    assert "nothing" in first["message"]
    assert "\n" not in first["message"]


def test_a_test_of_what_was_not_built_is_skipped_and_counted(database):
    finished = list[str]()
    (node,) = data_tests.outcomes(database, [a_test("from candles")], {"model.candles"}, "one", finished.append)
    assert node["status"] == "skipped"
    assert finished == ["it"]


def test_a_test_cannot_change_what_it_tests(database):
    assert outcome(database, "delete from candles returning *")["status"] == "error"
    assert outcome(database, "from candles where wrong > 4")["status"] == "pass"
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from candles").fetchone() == (2,)


BY_DAY = {"needs": frozenset({days_under_test.TABLE})}
EACH_DAY = "select coin_id, vs_currency, date from pipeline.days_under_test"


@pytest.fixture
def two_months(database, monkeypatch):
    """The database with an answer of two coins for each day of January, and of February; slices are of 10 days."""
    monkeypatch.setattr(days_under_test, "SLICE", 10)
    with duckdb.connect(str(database)) as connection:
        series = [(coin, month) for coin in ("bitcoin", "solana") for month in (1, 2)]
        for number, (coin, month) in enumerate(series):
            connection.execute(
                f"insert into raw.market_chart by name select {number} as load_number,"
                f" '{coin}/{month}' as archive_file, '' as sha256, 'SAMPLE' as source, '{coin}' as coin_id,"
                f" 'usd' as vs_currency, 'hourly' as granularity, timestamp '2026-0{month}-01' as window_from,"
                f" timestamp '2026-0{month}-28 23:59:59' as window_to, timestamp '2026-03-01' as extracted_at,"
                " timestamp '2026-03-01' as newest_point_at, date '2026-03-01' as run_date, 0 as points,"
                " []::double[][] as prices"
            )
    return database


def places(database, sql=EACH_DAY, version="one"):
    """The days that a test of single days finds: by default all that are under test, and is run once for each slice."""
    (node,) = data_tests.outcomes(database, [a_test(sql, **BY_DAY)], set(), version, lambda name: None)
    assert node["failures"] == (len(node["places"]) if "places" in node else 0)
    return sorted((place["coin_id"], place["date"]) for place in node.get("places", ()))


def all_days(coins=("bitcoin", "solana")):
    return [(coin, f"2026-0{month}-{day:02d}") for coin in coins for month in (1, 2) for day in range(1, 29)]


def newest_week(coin):
    return [(coin, f"2026-02-{day:02d}") for day in range(21, 29)]


def test_as_long_as_no_test_has_passed_all_days_are_under_test_in_slices(two_months):
    assert places(two_months) == all_days()
    assert places(two_months) == all_days(), "nobody has vouched for them"
    slices = "select *, count(*) over () as days from pipeline.days_under_test qualify days > 10"
    assert places(two_months, slices) == []


def test_once_they_have_passed_the_touched_days_and_the_newest_week_are_under_test(two_months):
    places(two_months)
    touched_days.vouch(two_months)
    with duckdb.connect(str(two_months)) as connection:
        connection.execute("insert into pipeline.touched_days values ('solana', 'usd', date '2026-01-05')")
    expected = [*newest_week("bitcoin"), ("solana", "2026-01-05"), *newest_week("solana")]
    assert places(two_months) == expected
    assert places(two_months) == expected, "a day stays touched until somebody vouches"
    touched_days.vouch(two_months)
    assert places(two_months) == [*newest_week("bitcoin"), *newest_week("solana")]


def test_other_tests_look_at_all_days_until_they_have_passed(two_months):
    places(two_months)
    touched_days.vouch(two_months)
    assert places(two_months, version="two") == all_days()
    assert places(two_months, version="two") == all_days()
    touched_days.vouch(two_months)
    assert len(places(two_months, version="two")) == 16
    assert places(two_months, version="one") == all_days()


def test_a_day_that_only_a_candle_has_is_under_test_too(two_months):
    with duckdb.connect(str(two_months)) as connection:
        connection.execute(
            "create table main.daily_candlestick as"
            " select 'ripple' as coin_id, 'usd' as vs_currency, date '2025-12-31' as date"
        )
    assert ("ripple", "2025-12-31") in places(two_months)


def test_after_the_tests_all_their_days_can_be_looked_at(two_months):
    places(two_months)
    with duckdb.connect(str(two_months), read_only=True) as connection:
        assert connection.execute("select count(*) from pipeline.days_under_test").fetchone() == (len(all_days()),)


def test_a_test_that_fails_in_one_slice_fails(two_months):
    (node,) = data_tests.outcomes(
        two_months, [a_test(f"{EACH_DAY} where date = '2026-01-03'", **BY_DAY)], set(), "one", lambda name: None
    )
    assert (node["status"], node["failures"]) == ("fail", 2)
    assert len(node["places"]) == 2


def test_the_worst_outcome_of_the_slices_counts(two_months):
    sql = f"{EACH_DAY} where sqrt(27 - day(date)) >= 0"  # of the 28th there is no root
    (node,) = data_tests.outcomes(two_months, [a_test(sql, **BY_DAY)], set(), "one", lambda name: None)
    assert node["status"] == "error"


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
