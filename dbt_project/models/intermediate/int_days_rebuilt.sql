with

    ohlc as (select * from {{ ref("stg_coingecko__ohlc") }}),

    -- A candle that was still open, or was revised, is replaced by the newest answer's
    newest as (
        select coin_id, vs_currency, closed_at, arg_max(ohlc, (extracted_at, archive_file)) as candle,
        from ohlc
        group by all
    ),

    -- The last candle of a day closes at 00:00 of the next one
    days_rebuilt as (
        select
            coin_id,
            vs_currency,
            (closed_at - interval 1 millisecond)::date as date,
            count(*)::integer as candles,
            arg_min(candle.open, closed_at) as open,
            max(candle.high) as high,
            min(candle.low) as low,
            arg_max(candle.close, closed_at) as close,
            max(candle.extracted_at) as extracted_at,
        from newest
        group by all
    )

select *
from days_rebuilt
