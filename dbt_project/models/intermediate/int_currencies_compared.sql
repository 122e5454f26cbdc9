with

    candles as (
        select coin_id, vs_currency, date, close, last_point_at,
        from {{ ref("int_candles_built") }}
        where granularity = 'hourly'
    ),

    -- What one currency costs in another one, by the last prices of a coin
    rates as (
        select
            one.coin_id,
            one.vs_currency,
            other.vs_currency as other_currency,
            one.date,
            one.close / other.close as rate,
        from candles as one
        inner join candles as other using (coin_id, date)
        where
            one.vs_currency <> other.vs_currency
            and abs(epoch(one.last_point_at) - epoch(other.last_point_at)) <= 60 * {{ var("currencies_minutes") }}
    ),

    -- All coins but this one
    beside_others as (
        select
            *,
            count(*) over others as coins,
            median(rate) over others as usual_rate,
            mad(rate) over others as usual_distance,
        from rates
        window
            others as (
                partition by vs_currency, other_currency, date
                rows between unbounded preceding and unbounded following exclude current row
            )
    ),

    compared as (
        select
            coin_id,
            vs_currency,
            other_currency,
            date,
            rate,
            usual_rate,
            coins,
            10000 * (greatest(rate / usual_rate, usual_rate / rate) - 1) as bps,
        from beside_others
        -- The others agree: of two that do not, nobody knows which one is right
        where coins >= 2 and 10000 * usual_distance <= {{ var("currencies_limit_bps") }} * usual_rate
    )

select *
from compared
