with

    candles as (select * from {{ ref("daily_candlestick") }}),

    opinions as (select * from {{ ref("int_opinions_compared") }}),

    -- Only of a published 5-minute candle its range is told
    published as (
        select
            opinions.* exclude (outside_bps, beyond_bps, beyond_limit_bps),
            candles.granularity = '5-minute' as is_fine,
            if(is_fine, opinions.outside_bps, null) as outside_bps,
            if(is_fine, opinions.beyond_bps, null) as beyond_bps,
            if(is_fine, opinions.beyond_limit_bps, null) as beyond_limit_bps,
            list_contains(candles.doubts, 'second_opinion_differs') as contradicts_candle,
        from opinions
        inner join candles using (coin_id, vs_currency, date)
    ),

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
            case
                when ohlc_candles = 0
                then 'none'
                when largest_bps is null and outside_bps is null
                then 'incomplete'
                when is_hourly_contradicted or (is_fine and is_range_contradicted)
                then 'differs'
                else 'agrees'
            end as verdict,
            outside_bps,
            beyond_bps,
            beyond_limit_bps,
            contradicts_candle,
        from published
    )

select *
from second_opinions
