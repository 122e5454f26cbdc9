with

    rows_of_source as (select * from {{ source("published", "daily_candlestick") }}),

    candles as (
        select
            coin_id,
            vs_currency,
            date,
            open,
            high,
            low,
            close,
            volume_24h,
            market_cap,
            points,
            expected_points,
            coverage,
            granularity,
            first_point_at,
            last_point_at,
            status,
            is_closed_by_live_point,
            extracted_at,
            source,
            -- A version of before contract 3.0 knew no doubts
            coalesce(doubts, []) as doubts,
        from rows_of_source
    )

select *
from candles
