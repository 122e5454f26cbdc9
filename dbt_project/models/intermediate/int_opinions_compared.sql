with

    series as (select * from {{ ref("int_series_chosen") }}),

    built as (select * from {{ ref("int_candles_built") }}),

    days_rebuilt as (select * from {{ ref("int_days_rebuilt") }}),

    candles as (
        select series.*, built.high, built.low,
        from series
        inner join built using (coin_id, vs_currency, granularity, date)
        where not series.is_open
    ),

    hourly as (select * from built where granularity = 'hourly'),

    -- A day is whole if all its candles were requested after CoinGecko had settled it
    paired as (
        select
            candles.*,
            hourly.open as hourly_open,
            hourly.high as hourly_high,
            hourly.low as hourly_low,
            hourly.close as hourly_close,
            days_rebuilt.candles as ohlc_candles,
            days_rebuilt.open as ohlc_open,
            days_rebuilt.high as ohlc_high,
            days_rebuilt.low as ohlc_low,
            days_rebuilt.close as ohlc_close,
            days_rebuilt.extracted_at as ohlc_extracted_at,
            coalesce(
                days_rebuilt.candles = 6
                and days_rebuilt.extracted_at
                >= candles.date + interval 1 day + interval {{ var("settling_minutes") }} minute,
                false
            ) as is_whole,
            is_whole and candles.granularity = '5-minute' and candles.is_covered as is_range_compared,
        from candles
        left join hourly using (coin_id, vs_currency, date)
        left join days_rebuilt using (coin_id, vs_currency, date)
    ),

    -- CoinGecko makes its own candles of the hourly points: they are those of the hourly candle, and lie within the
    -- range
    -- of the 5-minute one, which sees more of it
    measured as (
        select
            *,
            {% for price in ["open", "high", "low", "close"] %}
                case when is_whole then 10000 * (hourly_{{ price }} / ohlc_{{ price }} - 1) end as {{ price }}_bps,
            {% endfor %}
            greatest(abs(open_bps), abs(high_bps), abs(low_bps), abs(close_bps)) as largest_bps,
            case
                when is_range_compared then 10000 * greatest(ohlc_high / high - 1, low / ohlc_low - 1, 0)
            end as outside_bps,
            case
                when is_range_compared then 10000 * greatest(high / ohlc_high - 1, ohlc_low / low - 1, 0)
            end as beyond_bps,
        from paired
    ),

    -- How far a 5-minute candle goes beyond is compared with what is usual for the coin
    limited as (
        select
            *,
            case
                when is_range_compared
                then
                    greatest(
                        {{ var("beyond_limit_bps") }},
                        case
                            when count(beyond_bps) over earlier >= {{ var("anomaly_history_days") }}
                            then 10 * median(beyond_bps) over earlier
                        end
                    )
            end as beyond_limit_bps,
        from measured
        window
            earlier as (
                partition by coin_id, vs_currency
                order by date range between interval 90 day preceding and interval 1 day preceding
            )
    ),

    compared as (
        select
            coin_id,
            vs_currency,
            date,
            granularity,
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
            coalesce(
                outside_bps > {{ var("two_series_limit_bps") }} or beyond_bps > beyond_limit_bps, false
            ) as is_range_contradicted,
            case
                when ohlc_candles is null
                then 'none'
                when largest_bps is null and outside_bps is null
                then 'incomplete'
                when is_hourly_contradicted or is_range_contradicted
                then 'differs'
                else 'agrees'
            end as verdict,
            is_settled
            and case
                when granularity = 'hourly' then is_hourly_contradicted else is_range_contradicted
            end as contradicts_candle,
        from limited
    )

select *
from compared
