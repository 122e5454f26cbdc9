{{ config(materialized="table") }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    followed as (
        select
            *,
            lag(date) over days as date_before,
            lag(close) over days as close_before,
            lag(volume_24h) over days as volume_before,
            lag(market_cap) over days as market_cap_before,
        from candles
        where status <> 'open'
        window days as (partition by coin_id, vs_currency order by date)
    ),

    measures as (
        select
            coin_id, vs_currency, date, 'return' as measure, ln(close / close_before) as value, 0.001 as least_spread,
        from followed
        where date_before = date - 1
        union all
        select coin_id, vs_currency, date, 'range' as measure, ln(high / low) as value, 0.001 as least_spread,
        from followed
        union all
        select coin_id, vs_currency, date, 'coverage' as measure, coverage as value, 0.03 as least_spread,
        from followed
        union all
        select coin_id, vs_currency, date, 'volume' as measure, ln(volume_24h / volume_before) as value, 0.05,
        from followed
        where date_before = date - 1 and volume_24h > 0 and volume_before > 0
        union all
        select
            coin_id,
            vs_currency,
            date,
            'supply' as measure,
            ln((market_cap / market_cap_before) / (close / close_before)) as value,
            0.01 as least_spread,
        from followed
        where date_before = date - 1 and market_cap > 0 and market_cap_before > 0
    ),

    with_history as (
        select *, list(value) over days_before as history,
        from measures
        window
            days_before as (
                partition by coin_id, vs_currency, measure order by date rows between 90 preceding and 1 preceding
            )
    ),

    centred as (
        select *, list_median(history) as median,
        from with_history
        where len(history) >= {{ var("anomaly_history_days") }}
    ),

    spread as (select *, list_median(list_transform(history, lambda past:abs(past - median))) as mad, from centred),

    scored as (
        select
            coin_id,
            vs_currency,
            date,
            measure,
            value,
            median,
            mad,
            len(history)::integer as days,
            0.6745 * (value - median) / greatest(mad, least_spread) as score,
        from spread
    )

select *
from scored
