with

    compared as (select * from {{ ref("int_opinions_compared") }}),

    second_opinions as (
        select
            coin_id,
            vs_currency,
            date,
            ohlc_candles,
            ohlc_open,
            ohlc_high,
            ohlc_low,
            ohlc_close,
            open_bps,
            high_bps,
            low_bps,
            close_bps,
            ohlc_extracted_at,
            largest_bps,
            verdict,
            outside_bps,
            beyond_bps,
            beyond_limit_bps,
            contradicts_candle,
        from compared
    )

select *
from second_opinions
order by coin_id, vs_currency, date
