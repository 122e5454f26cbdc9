-- A candle of a day that is over is `final` if and only if one answer of its own series was requested for the day's
-- last hour up to its last second, after CoinGecko had settled the day, has a point in its last slot or later, and
-- coverage is high enough, and nothing speaks against it. All slots of the day are expected. An hourly candle has a
-- point in the day's first and in its last hour; a 5-minute candle has one in each hour, and begins and ends at the
-- day's edges. A settled candle without its edges says so in its doubts. Of the days under test.
{{ config(meta={"failure": "ours"}) }}

with

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    candles as (
        select *, from {{ ref("daily_candlestick") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    hours as (
        select coin_id, vs_currency, granularity, date, count(distinct hour(observed_at)) as hours_seen,
        from settled_prices
        semi join candles using (coin_id, vs_currency, granularity, date)
        group by all
    ),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    judged as (
        select
            candles.*,
            exists (
                select *
                from extractions
                where
                    extractions.coin_id = candles.coin_id
                    and extractions.vs_currency = candles.vs_currency
                    and extractions.granularity = candles.granularity
                    and extractions.window_from <= candles.date + time '23:00'
                    and extractions.window_to >= candles.date + time '23:59:59'
                    and extractions.extracted_at - to_minutes({{ var("settling_minutes") }}) >= candles.date + 1
                    and extractions.newest_point_at
                    >= candles.date + interval 1 day - to_seconds({{ slot_seconds("candles.granularity") }})
            ) as is_settled,
            candles.granularity = 'hourly' or coalesce(hours.hours_seen, 0) = 24 as has_all_hours,
            case
                when candles.granularity = 'hourly'
                then (hour(candles.first_point_at), hour(candles.last_point_at)) = (0, 23)
                else
                    candles.first_point_at < candles.date + to_minutes({{ var("edge_minutes") }})
                    and candles.last_point_at >= candles.date + interval 1 day - to_minutes({{ var("edge_minutes") }})
            end as is_whole,
        from candles
        left join hours using (coin_id, vs_currency, granularity, date)
        where candles.status <> 'open'
    ),

    wrong_candles as (
        select *
        from judged
        where
            (status = 'final')
            <> (is_settled and is_whole and has_all_hours and coverage >= {{ var("min_coverage") }} and len(doubts) = 0)
            or list_contains(doubts, 'edge') <> (is_settled and not is_whole)
            or expected_points <> {{ slots_per_day("granularity") }}
    )

select *
from wrong_candles
