"""The report of a hundred coins over five years: small enough to be sent, and open at once."""

import time

import duckdb
import pytest

from btc_pipeline.visualize.report import write
from tests.visualize.report.published import DAY, Published

COINS, DAYS = 100, 1826
MOST_BYTES = 10_000_000
MOST_TIMES = 5
"""So many times longer than the report of a week may it take to open; twice as long on two free cores."""

# A random walk whose prices have all their digits, as real ones do; each candle has its second opinion
WALK = f"""
select setseed(0.5);
create temp table closes as
select
    'coin-' || lpad(coin::varchar, 3, '0') as coin_id, date '{DAY}' - ({DAYS - 1} - day)::integer as date,
    100 * exp(sum(random() * 0.08 - 0.04) over (partition by coin order by day)) as close
from range({COINS}) coins(coin), range({DAYS}) days(day);
insert into daily_candlestick
select
    coin_id, 'usd', date, open, greatest(open, close) * (1 + random() * 0.02),
    least(open, close) * (1 - random() * 0.02), close, 1e9 * random(), 1e12 * random(), 24, 24,
    case when random() < 0.05 then 0.91 else 1 end, 'hourly',
    date + interval 1 minute, date + interval 14 hour, case when date = date '{DAY}' then 'open' else 'final' end,
    false, timestamp '{DAY} 14:42:00', 'SAMPLE (synthetic)', []
from (select *, coalesce(lag(close) over (partition by coin_id order by date), close) as open from closes);
insert into second_opinions
select coin_id, vs_currency, date, 6, open, high, low, close, 0, 0, 0, 0, extracted_at, random() * 3, 'agrees',
    null, null, null, false
from daily_candlestick where status = 'final';
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    database = Published(candles=[]).write(folder / "published.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute(WALK)
        assert connection.execute("select count(*) from daily_candlestick").fetchall() == [(COINS * DAYS,)]
    return write.write(database, folder / "report" / f"{DAY}.html")[0]


def test_it_stays_below_ten_megabytes(report):
    assert report.stat().st_size < MOST_BYTES


def test_it_opens_in_a_few_times_as_long_as_a_week_of_one_coin(report, new_page, tmp_path):
    """Until the candles are drawn; one after the other, and the least of three, so that other work counts for both."""
    week = write.write(Published().write(tmp_path / "published.duckdb"), tmp_path / "report" / f"{DAY}.html")[0]

    def opened(file):
        watched, started = new_page(), time.monotonic()
        watched.open(file)
        watched.page.wait_for_selector("html[data-shown]")
        watched.settle()
        return time.monotonic() - started

    large, small = map(min, zip(*((opened(report), opened(week)) for _ in range(3)), strict=True))
    print(f"{report.stat().st_size / 1e6:.1f} MB, open in {large:.2f} s, a week in {small:.2f} s: {large / small:.1f}")
    assert large / small < MOST_TIMES


def test_its_last_coin_is_shown_over_all_years(report, new_page):
    watched = new_page().open(report)
    watched.page.wait_for_selector("html[data-shown]")
    watched.page.select_option("#series", label="Coin 099 / USD")
    watched.page.wait_for_selector("html[data-shown='99']")
    watched.page.get_by_role("button", name="All").click()
    watched.settle()
    assert watched.page.locator("#rows tr").count() == DAYS
    assert (watched.complaints, watched.requests) == ([], [])
