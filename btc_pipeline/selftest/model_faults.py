"""The faults of the self-test, those behind the gate as SQL; the good day is `selftest`'s."""

from __future__ import annotations

from btc_pipeline.selftest.answer_faults import ANSWERS, HOUR_MS
from btc_pipeline.selftest.census_faults import CENSUS
from btc_pipeline.selftest.kinds import DatabaseFault, Fault
from btc_pipeline.transform import tables

OVER = "date '2026-05-13'"
"""A day of the good week that is long over."""

_ONE = f"coin_id = 'bitcoin' and date = {OVER}"
_CANDLE = "update main.daily_candlestick set"
_SETTLED_HOURS = "coin_id = 'bitcoin' and granularity = 'hourly' and is_latest and not is_live"
_BUILT_ANEW = f"""
    update raw.market_chart set points = len(prices);
    drop table main.stg_coingecko__points;
    insert into pipeline.touched_days select coin_id, vs_currency, {tables.DAY_OF_WINDOW} from raw.market_chart;
"""
_OF_BITCOIN = "where coin_id = 'bitcoin'"
_NEWEST = (
    "where load_number ="
    " (select max(load_number) from raw.market_chart where coin_id = 'bitcoin' and granularity = 'hourly')"
)


def _raw(changed: str, where: str = _OF_BITCOIN) -> str:
    """The SQL that changes the points of raw answers, each `[milliseconds, price]`, and has the models built anew."""
    return f"update raw.market_chart set prices = {changed} {where}; {_BUILT_ANEW}"


def _without(condition: str) -> str:
    return _raw(f"list_filter(prices, lambda point: not ({condition}))")


def _priced(condition: str, price: str, where: str = _OF_BITCOIN) -> str:
    changed = f"[point[1], if({condition}, {price}, point[2])]"
    return _raw(f"list_transform(prices, lambda point: {changed})", where)


_AT = "epoch_ms(point[1]::bigint)"

DATABASE: tuple[Fault, ...] = (
    DatabaseFault(
        "hours missing",
        "singular:assert_no_settled_day_has_too_few_points",
        _without(f"point[1]::bigint // {HOUR_MS} % 24 between 10 and 15"),
        "build",
    ),
    DatabaseFault(
        "hours missing, and not many",
        "singular:assert_no_gap_is_open",
        _without(f"{_AT} between {OVER} and {OVER} + interval 2 hour"),
        "build",
    ),
    DatabaseFault(
        "stale repeat",
        "singular:assert_no_price_is_repeated_for_hours",
        _priced(f"{_AT}::date = {OVER}", "64000.5"),
        "build",
    ),
    DatabaseFault(
        "factor of 1000",
        "singular:assert_no_price_jumps_by_a_factor_of_1000",
        _priced(f"{_AT}::date = {OVER}", "point[2] / 1000", _NEWEST),  # two answers would confirm each other
        "build",
    ),
    DatabaseFault(
        "swapped coins",
        "singular:assert_no_coin_has_the_prices_of_another",
        f"""
        update raw.market_chart set coin_id = if(coin_id = 'bitcoin', 'solana', 'bitcoin')
        where run_date = (select max(run_date) from raw.market_chart); {_BUILT_ANEW}
        """,
        "build",
    ),
    DatabaseFault(
        "one coin's answer for both",
        "singular:assert_no_coin_has_the_prices_of_another",
        f"""
        update raw.market_chart set prices = other.prices
        from (select run_date, granularity, prices from raw.market_chart where coin_id = 'bitcoin') as other
        where market_chart.run_date = other.run_date and market_chart.granularity = other.granularity;
        delete from published.daily_candlestick; {_BUILT_ANEW}
        """,
        "build",
    ),
    DatabaseFault(
        "zone shifted behind the gate",
        "singular:assert_the_second_opinion_agrees",
        _raw(f"list_transform(prices, lambda point: [point[1] - {5 * HOUR_MS}, point[2]])", where=""),
        "build",
    ),
    DatabaseFault(
        "final candle that CoinGecko's own candles contradict",
        "singular:assert_no_final_candle_is_contradicted_by_the_second_opinion",
        f"{_CANDLE} high = high * 1.02 where {_ONE}",
    ),
    DatabaseFault(
        "partial day overwriting a full one",
        "singular:assert_every_point_of_every_loaded_answer_is_in_the_observations",
        f"delete from main.int_prices_observed where {_ONE} and hour(observed_at) < 12",
        "build",
    ),
    DatabaseFault(
        "answer that is read in part",
        "singular:assert_every_point_of_every_loaded_answer_is_in_the_observations",
        "delete from main.stg_coingecko__points where load_number = 1 and position > 9",
        "build",
    ),
    DatabaseFault(
        "duplicated stamp",
        "generic:int_prices_observed..unique_combination",
        f"insert into main.int_prices_observed from main.int_prices_observed where {_ONE} and hour(observed_at) = 7",
    ),
    DatabaseFault(
        "revised point, the old value kept",
        "singular:assert_the_latest_version_of_a_revised_point_is_the_settled_one",
        f"""
        insert into main.int_prices_revised by name
        select coin_id, vs_currency, granularity, date, observed_at, 2 as version, price * 1.01 as new_price,
        from main.int_prices_observed where {_ONE} and hour(observed_at) = 7
        """,
    ),
    DatabaseFault(
        "day out of all proportion",
        "singular:assert_no_day_is_unusual",
        _priced(f"{_AT} between {OVER} + interval 9 hour and {OVER} + interval 15 hour", "point[2] * 1.8"),
        "build",
    ),
    DatabaseFault(
        "live point left in",
        "singular:assert_no_live_point_is_in_a_settled_candle",
        f"""
        {_CANDLE} is_closed_by_live_point = true, close = live.price, last_point_at = live.observed_at
        from (from main.int_prices_observed where is_live) as live
        where daily_candlestick.coin_id = live.coin_id and daily_candlestick.date = live.date
        and daily_candlestick.status <> 'open'
        """,
    ),
    DatabaseFault(
        "live point taken for a settled one",
        "singular:assert_settled_candles_equal_a_recomputation_from_the_raw_answers",
        """
        update main.int_days_settled as days set points = days.points + 1
        from main.int_prices_observed as live
        where is_live and (days.coin_id, days.granularity, days.date) = (live.coin_id, live.granularity, live.date)
        """,
        "build",
    ),
    DatabaseFault(
        "candle cut at another zone's midnight",
        "singular:assert_settled_candles_equal_a_recomputation_from_the_raw_answers",
        f"""
        {_CANDLE} open = other.open, high = other.high, low = other.low, close = other.close
        from (
            select coin_id, min_by(price, observed_ms) as open, max(price) as high, min(price) as low,
                max_by(price, observed_ms) as close,
            from main.int_prices_observed where (observed_at + interval 5 hour)::date = {OVER} group by coin_id
        ) as other
        where daily_candlestick.coin_id = other.coin_id and date = {OVER}
        """,
    ),
    DatabaseFault(
        "high below close",
        "generic:daily_candlestick.close.between_columns",
        f"{_CANDLE} high = close * 0.999, open = least(open, close * 0.999) where {_ONE}",
    ),
    DatabaseFault(
        "low of zero", "generic:daily_candlestick.low.finite_and_positive", f"{_CANDLE} low = 0 where {_ONE}"
    ),
    DatabaseFault(
        "high of NaN", "generic:daily_candlestick.high.finite_and_positive", f"{_CANDLE} high = 'nan' where {_ONE}"
    ),
    DatabaseFault(
        "summed volume",
        "singular:assert_volume_is_that_of_the_last_point_and_no_sum",
        f"{_CANDLE} volume_24h = volume_24h * 24 where {_ONE}",
    ),
    DatabaseFault(
        "volumes lost",
        "generic:daily_candlestick.volume_24h.not_null_proportion",
        f"{_CANDLE} volume_24h = null where coin_id = 'bitcoin'",
    ),
    DatabaseFault(
        "time running back",
        "generic:daily_candlestick.first_point_at.never_decreases",
        f"{_CANDLE} first_point_at = first_point_at - interval 2 day where {_ONE}",
    ),
    DatabaseFault(
        "candle twice",
        "generic:daily_candlestick..unique_combination",
        f"insert into main.daily_candlestick from main.daily_candlestick where {_ONE}",
    ),
    DatabaseFault(
        "candle lost",
        "singular:assert_the_new_version_has_no_fewer_candles_than_the_last_good_one",
        f"delete from main.daily_candlestick where {_ONE}",
    ),
    DatabaseFault(
        "published candle changed in silence",
        "singular:assert_no_published_candle_changes_without_a_revision",
        f"{_CANDLE} close = (high + low) / 2 where {_ONE}",
    ),
    DatabaseFault(
        "candle of tomorrow",
        "singular:assert_only_the_day_of_the_newest_extraction_is_open",
        f"{_CANDLE} date = date + 1 where status = 'open' and coin_id = 'bitcoin'",
    ),
    DatabaseFault(
        "hourly day that ends two hours early, taken as final",
        "singular:assert_final_candles_and_no_others_are_settled_and_covered",
        f"{_CANDLE} last_point_at = last_point_at - interval 2 hour where {_ONE}",
    ),
    DatabaseFault(
        "final and doubted",
        "singular:assert_final_candles_and_no_others_are_settled_and_covered",
        f"{_CANDLE} doubts = ['series_differ'] where {_ONE}",
    ),
    DatabaseFault(
        "final without coverage",
        "singular:assert_final_candles_and_no_others_are_settled_and_covered",
        f"{_CANDLE} coverage = 0.5 where {_ONE}",
    ),
    DatabaseFault(
        "answer that those before and after it contradict",
        "singular:assert_no_answer_is_refuted",
        f"""
        update main.int_prices_observed set version = 2, first_extracted_at = first_extracted_at - interval 1 day
        where {_SETTLED_HOURS};
        insert into main.int_prices_observed select * replace (
            1 as version, false as is_latest, price * 1.1 as price, last_extracted_at as first_extracted_at
        ) from main.int_prices_observed where {_SETTLED_HOURS}
        """,
    ),
    DatabaseFault(
        "review of a day without a candle",
        "singular:assert_each_reviewed_doubt_is_about_a_candle",
        "insert into main.reviewed_doubts values ('bitcoin', 'usd', date '2009-01-03', 'jump', current_date, 'a typo')",
    ),
    DatabaseFault(
        "certificate without its raw answer",
        "singular:assert_each_candle_names_all_its_raw_answers",
        f"delete from main.candle_sources where {_ONE}",
    ),
    DatabaseFault(
        "two sources in one database",
        "generic:stg_coingecko__extractions.source.one_value_only",
        "update raw.market_chart set source = 'CoinGecko' where load_number = 1",
    ),
    DatabaseFault(
        "prices of yesterday",
        "freshness:raw.market_chart",
        "update pipeline.this_run set as_of = as_of + interval 1 day",
    ),
)

FINE = "date '2026-05-15'"
"""The day of the good week that the 5-minute series covers."""

_OF_FINE = "where granularity = '5-minute'"

SERIES: tuple[Fault, ...] = (
    DatabaseFault(
        "5-minute series in another unit",
        "singular:assert_the_hourly_points_lie_among_the_5_minute_ones",
        _raw("list_transform(prices, lambda point: [point[1], point[2] * 1.08])", _OF_FINE),
        "build",
    ),
    DatabaseFault(
        "5-minute series a day late",
        "singular:assert_the_hourly_points_lie_among_the_5_minute_ones",
        _raw(f"list_transform(prices, lambda point: [point[1] - {24 * HOUR_MS}, point[2]])", _OF_FINE),
        "build",
    ),
    DatabaseFault(
        "5-minute points mixed into an hourly day",
        "singular:assert_no_day_mixes_two_series",
        f"update raw.market_chart set granularity = 'hourly' {_OF_FINE}; {_BUILT_ANEW}",
        "build",
    ),
    DatabaseFault(
        "5-minute day that starts late, taken as covering",
        "singular:assert_final_candles_and_no_others_are_settled_and_covered",
        f"""
        {_CANDLE} open = late.open, first_point_at = late.first_point_at
        from (
            select coin_id, min_by(price, observed_ms) as open, min(observed_at) as first_point_at,
            from main.int_prices_observed {_OF_FINE} and observed_at >= {FINE} + interval 40 minute group by coin_id
        ) as late
        where daily_candlestick.coin_id = late.coin_id and date = {FINE}
        """,
    ),
)

ALL: tuple[Fault, ...] = (*ANSWERS, *DATABASE, *SERIES, *CENSUS)
