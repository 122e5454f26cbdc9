with

    candles as (select * from {{ ref("daily_candlestick") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    -- The settled points of the candle, and the live point if it closes the candle; each by the newest answer that
    -- gave it
    points_used as (
        select candles.coin_id, candles.vs_currency, candles.date, observations.load_number,
        from candles
        inner join observations using (coin_id, vs_currency, granularity, date)
        where
            observations.is_latest
            and (
                (not observations.is_live and observations.withdrawn_at is null)
                or (candles.is_closed_by_live_point and observations.observed_at = candles.last_point_at)
            )
    ),

    candle_sources as (
        select
            points_used.coin_id,
            points_used.vs_currency,
            points_used.date,
            extractions.archive_file,
            extractions.sha256,
            extractions.extracted_at,
            count(*)::integer as points,
        from points_used
        inner join extractions using (load_number)
        group by all
    )

select *
from candle_sources
order by coin_id, vs_currency, date, archive_file
