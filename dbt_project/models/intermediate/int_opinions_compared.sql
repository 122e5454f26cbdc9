{{ config(materialized="table") }}

with

    series as (select * from {{ ref("int_series_measured") }}),

    built as (select * from {{ ref("int_candles_built") }}),

    days_rebuilt as (select * from {{ ref("int_days_rebuilt") }}),

    candles as (
        select built.*, series.is_covered,
        from built
        inner join series using (coin_id, vs_currency, granularity, date)
        where not series.is_open
    ),

    days as (select distinct coin_id, vs_currency, date, from candles),

    hourly as (select * from candles where granularity = 'hourly'),

    fine as (select * from candles where granularity = '5-minute' and is_covered),

    -- A day is whole if all its candles were requested after CoinGecko had settled it
    paired as (
        select
            days.*,
            hourly.open as hourly_open,
            hourly.high as hourly_high,
            hourly.low as hourly_low,
            hourly.close as hourly_close,
            fine.high as fine_high,
            fine.low as fine_low,
            days_rebuilt.candles as ohlc_candles,
            days_rebuilt.open as ohlc_open,
            days_rebuilt.high as ohlc_high,
            days_rebuilt.low as ohlc_low,
            days_rebuilt.close as ohlc_close,
            days_rebuilt.extracted_at as ohlc_extracted_at,
            coalesce(
                days_rebuilt.candles = 6
                and days_rebuilt.extracted_at
                >= days.date + interval 1 day + interval {{ var("settling_minutes") }} minute,
                false
            ) as is_whole,
        from days
        left join hourly using (coin_id, vs_currency, date)
        left join fine using (coin_id, vs_currency, date)
        left join days_rebuilt using (coin_id, vs_currency, date)
    ),

    -- CoinGecko makes its own candles of the hourly points: they are those of the hourly candle, and lie within the
    -- range of the 5-minute one, which sees more of it
    measured as (
        select
            *,
            {% for price in ["open", "high", "low", "close"] %}
                case when is_whole then 10000 * (hourly_{{ price }} / ohlc_{{ price }} - 1) end as {{ price }}_bps,
            {% endfor %}
            greatest(abs(open_bps), abs(high_bps), abs(low_bps), abs(close_bps)) as largest_bps,
            is_whole and fine_high is not null as is_range_compared,
            case
                when is_range_compared then 10000 * greatest(ohlc_high / fine_high - 1, fine_low / ohlc_low - 1, 0)
            end as outside_bps,
            case
                when is_range_compared then 10000 * greatest(fine_high / ohlc_high - 1, ohlc_low / fine_low - 1, 0)
            end as beyond_bps,
        from paired
    ),

    -- How far a 5-minute candle goes beyond is compared with what is usual for the coin
    limits as (
        select
            coin_id,
            vs_currency,
            date,
            greatest(
                {{ var("beyond_limit_bps") }},
                case
                    when count(beyond_bps) over earlier >= {{ var("anomaly_history_days") }}
                    then 10 * median(beyond_bps) over earlier
                end
            ) as beyond_limit_bps,
        from measured
        where is_range_compared
        window
            earlier as (
                partition by coin_id, vs_currency
                order by date range between interval 90 day preceding and interval 1 day preceding
            )
    ),

    limited as (
        select measured.*, limits.beyond_limit_bps, from measured left join limits using (coin_id, vs_currency, date)
    ),

    compared as (
        select
            coin_id,
            vs_currency,
            date,
            coalesce(ohlc_candles, 0) as ohlc_candles,
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
            outside_bps,
            beyond_bps,
            beyond_limit_bps,
            coalesce(largest_bps > {{ var("second_opinion_limit_bps") }}, false) as is_hourly_contradicted,
            coalesce(largest_bps <= {{ var("second_opinion_limit_bps") }}, false) as is_hourly_confirmed,
            coalesce(
                outside_bps > {{ var("two_series_limit_bps") }} or beyond_bps > beyond_limit_bps, false
            ) as is_range_contradicted,
            is_range_compared and not is_range_contradicted as is_range_confirmed,
        from limited
    )

select *
from compared
