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

    -- A score depends on the ninety values before it. From the first value on that is another one than in the last
    -- build, or that is gone, all of them are computed anew
    first_changes as (
        {% if has_earlier_rows(this) %}
            select coin_id, vs_currency, measure, min(date) as first_change,
            from measures as now
            full join {{ this }} as earlier using (coin_id, vs_currency, measure, date)
            where now.value is distinct from earlier.value
            group by all
        {% else %}select coin_id, vs_currency, measure, min(date) as first_change, from measures group by all
        {% endif %}
    ),

    numbered as (
        select *, row_number() over (partition by coin_id, vs_currency, measure order by date) as number, from measures
    ),

    first_numbers as (
        select coin_id, vs_currency, measure, first_change, min(number) as first_number,
        from numbered
        inner join first_changes using (coin_id, vs_currency, measure)
        where date >= first_change
        group by all
    ),

    at_hand as (
        select numbered.*, date >= first_change as is_new,
        from numbered
        inner join first_numbers using (coin_id, vs_currency, measure)
        where number >= first_number - 90
    ),

    with_history as (
        select *, list(value) over days_before as history,
        from at_hand
        window
            days_before as (
                partition by coin_id, vs_currency, measure order by date rows between 90 preceding and 1 preceding
            )
    ),

    -- The values before the first change are there as history only
    centred as (
        select
            *,
            coalesce(len(history), 0)::integer as days,
            case when days >= {{ var("anomaly_history_days") }} then list_median(history) end as median,
        from with_history
        where is_new
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
            days,
            0.6745 * (value - median) / greatest(mad, least_spread) as score,
        from spread
    ),

    candles_scored as (
        select *,
        from scored
        {% if has_earlier_rows(this) %}
            union all
            select earlier.*,
            from {{ this }} as earlier
            left join first_changes using (coin_id, vs_currency, measure)
            where first_change is null or date < first_change
        {% endif %}
    )

select *
from candles_scored
