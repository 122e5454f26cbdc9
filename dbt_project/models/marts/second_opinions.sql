with

    candles as (select * from {{ ref("daily_candlestick") }}),

    -- CoinGecko makes its own candles of the hourly points: they are compared with the hourly candle of the day,
    -- whichever is published
    hourly as (select * from {{ ref("int_candles_built") }} where granularity = 'hourly'),

    days_rebuilt as (select * from {{ ref("int_days_rebuilt") }}),

    -- A day can be compared if all its candles were requested after CoinGecko had settled it
    rebuilt as (
        select
            candles.coin_id,
            candles.vs_currency,
            candles.date,
            hourly.open,
            hourly.high,
            hourly.low,
            hourly.close,
            days_rebuilt.candles as ohlc_candles,
            days_rebuilt.open as ohlc_open,
            days_rebuilt.high as ohlc_high,
            days_rebuilt.low as ohlc_low,
            days_rebuilt.close as ohlc_close,
            days_rebuilt.extracted_at as ohlc_extracted_at,
            hourly.date is not null
            and coalesce(days_rebuilt.candles, 0) = 6
            and days_rebuilt.extracted_at
            >= candles.date + interval 1 day + interval {{ var("settling_minutes") }} minute as is_whole,
        from candles
        left join hourly using (coin_id, vs_currency, date)
        left join days_rebuilt using (coin_id, vs_currency, date)
        where candles.status != 'open'
    ),

    second_opinions as (
        select
            coin_id,
            vs_currency,
            date,
            coalesce(ohlc_candles, 0) as ohlc_candles,
            ohlc_open,
            ohlc_high,
            ohlc_low,
            ohlc_close,
            {% for price in ["open", "high", "low", "close"] %}
                case when is_whole then 10000 * (divide({{ price }}, ohlc_{{ price }}) - 1) end as {{ price }}_bps,
            {% endfor %}
            ohlc_extracted_at,
            greatest(abs(open_bps), abs(high_bps), abs(low_bps), abs(close_bps)) as largest_bps,
            case
                when rebuilt.ohlc_candles is null
                then 'none'
                when not is_whole
                then 'incomplete'
                when largest_bps > {{ var("second_opinion_limit_bps") }}
                then 'differs'
                else 'agrees'
            end as verdict,
        from rebuilt
    )

select *
from second_opinions
order by coin_id, vs_currency, date
