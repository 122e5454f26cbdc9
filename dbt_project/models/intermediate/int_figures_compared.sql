{{ config(materialized="table") }}

with

    candles as (select * from {{ ref("int_candles_built") }}),

    -- Both in coins, so that neither follows the price
    figures as (
        select coin_id, vs_currency, granularity, date, 'supply' as figure, market_cap / close as value,
        from candles
        where market_cap > 0
        union all by name
        select coin_id, vs_currency, granularity, date, 'volume' as figure, volume_24h / close as value,
        from candles
        where volume_24h > 0
    ),

    -- The days before; a tenth of them may be as wrong as this one
    with_history as (
        select
            *,
            quantile_disc(value, 0.1) over days_before as usual_low,
            quantile_disc(value, 0.9) over days_before as usual_high,
            count(*) over days_before as days,
        from figures
        window
            days_before as (
                partition by coin_id, vs_currency, granularity, figure
                order by date
                rows between 90 preceding and 1 preceding
            )
    ),

    compared as (
        select
            *,
            greatest(value / usual_high, usual_low / value) as times,
            case
                figure when 'supply' then {{ var("supply_factor") }} when 'volume' then {{ var("volume_factor") }}
            end as limit_times,
        from with_history
        where days >= {{ var("anomaly_history_days") }}
    )

select *
from compared
