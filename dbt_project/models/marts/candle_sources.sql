with

    candles as (select * from {{ ref("daily_candlestick") }}),

    days as (select * from {{ ref("int_days_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    given as (
        select coin_id, vs_currency, granularity, date, unnest(answers) as answer,
        from days
        semi join candles using (coin_id, vs_currency, granularity, date)
    ),

    -- The settled points of the candle, and the live point if it closes the candle; each by the newest answer that
    -- gave it
    points_used as (
        select coin_id, vs_currency, date, answer.load_number as load_number, answer.points as points,
        from given
        union all
        select candles.coin_id, candles.vs_currency, candles.date, observations.load_number, 1 as points,
        from candles
        inner join observations using (coin_id, vs_currency, granularity, date)
        where
            candles.is_closed_by_live_point
            and observations.is_latest
            and observations.is_live
            and observations.observed_at = candles.last_point_at
    ),

    counted as (
        select coin_id, vs_currency, date, load_number, sum(points)::integer as points from points_used group by all
    ),

    candle_sources as (
        select
            counted.coin_id,
            counted.vs_currency,
            counted.date,
            extractions.archive_file,
            extractions.sha256,
            extractions.extracted_at,
            counted.points
        from counted
        inner join extractions using (load_number)
    )

select *
from candle_sources
