{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_from_first_change(this, ref('daily_candlestick'), ['coin_id', 'vs_currency'],         hash_of_candle(), \"status <> 'open'\") }}",
    )
}}

with

    candles as (select *, {{ hash_of_candle() }} as inputs from {{ ref("daily_candlestick") }} where status <> 'open'),

    -- What is kept ends before the first candle that has changed: all scores after it depend on it
    kept as (
        {% if is_incremental() %}select coin_id, vs_currency, measure, date, value, number from {{ this }}
        {% else %}select coin_id, vs_currency, '' as measure, date, close as value, 0 as number from candles where false
        {% endif %}
    ),

    ends as (
        select coin_id, vs_currency, measure, max(date) as last_day, max(number) as last_number from kept group by all
    ),

    ends_of_coins as (select coin_id, vs_currency, max(last_day) as last_day from ends group by all),

    followed as (
        select
            candles.*,
            lag(date) over days as date_before,
            lag(close) over days as close_before,
            lag(volume_24h) over days as volume_before,
            lag(market_cap) over days as market_cap_before,
            last_day is null or date > last_day as is_new
        from candles
        left join ends_of_coins using (coin_id, vs_currency)
        where last_day is null or date >= last_day
        window days as (partition by coin_id, vs_currency order by date)
    ),

    new_candles as (select * from followed where is_new),

    measures as (
        select
            coin_id,
            vs_currency,
            date,
            inputs,
            'return' as measure,
            ln(close / close_before) as value,
            0.001 as least_spread
        from new_candles
        where date_before = date - 1
        union all
        select coin_id, vs_currency, date, inputs, 'range' as measure, ln(high / low) as value, 0.001 as least_spread
        from new_candles
        union all
        select coin_id, vs_currency, date, inputs, 'coverage' as measure, coverage as value, 0.03 as least_spread
        from new_candles
        union all
        select coin_id, vs_currency, date, inputs, 'volume' as measure, ln(volume_24h / volume_before) as value, 0.05
        from new_candles
        where date_before = date - 1 and volume_24h > 0 and volume_before > 0
        union all
        select
            coin_id,
            vs_currency,
            date,
            inputs,
            'supply' as measure,
            ln((market_cap / market_cap_before) / (close / close_before)) as value,
            0.01 as least_spread
        from new_candles
        where date_before = date - 1 and market_cap > 0 and market_cap_before > 0
    ),

    numbered as (
        select
            measures.*,
            coalesce(last_number, 0)
            + row_number() over (partition by coin_id, vs_currency, measure order by date) as number
        from measures
        left join ends using (coin_id, vs_currency, measure)
    ),

    -- With the ninety values before them
    at_hand as (
        select coin_id, vs_currency, measure, date, value, number, inputs, least_spread, true as is_new
        from numbered
        union all
        select coin_id, vs_currency, measure, date, value, number, null as inputs, null as least_spread, false as is_new
        from kept
        inner join ends using (coin_id, vs_currency, measure)
        where number > last_number - 90
    ),

    with_history as (
        select *, list(value) over days_before as history
        from at_hand
        window
            days_before as (
                partition by coin_id, vs_currency, measure order by date rows between 90 preceding and 1 preceding
            )
    ),

    centred as (
        select
            *,
            coalesce(len(history), 0)::integer as days,
            case when days >= {{ var("anomaly_history_days") }} then list_median(history) end as median
        from with_history
        where is_new
    ),

    spread as (select *, list_median(list_transform(history, lambda past:abs(past - median))) as mad from centred),

    candles_scored as (
        select
            coin_id,
            vs_currency,
            date,
            measure,
            value,
            median,
            mad,
            days,
            0.6745 * (value - median) / greatest(mad, least_spread) as score,
            number,
            inputs
        from spread
    )

select *
from candles_scored
