with

    days as (select * from {{ ref("int_days_settled") }}),

    candles as (select * from {{ ref("int_candles_settled") }}),

    within_days as (select coin_id, vs_currency, granularity, unnest(jumps) as jump from days),

    -- From the last point of a day to the first one of the next day that has any
    over_midnight as (
        select
            coin_id,
            vs_currency,
            granularity,
            first_point_at as observed_at,
            lag(close) over series as price_before,
            open as price
        from candles
        window series as (partition by coin_id, vs_currency, granularity order by date)
    ),

    stepped as (
        select *, price / price_before as factor
        from
            (
                select
                    coin_id,
                    vs_currency,
                    granularity,
                    jump.observed_at as observed_at,
                    jump.price_before as price_before,
                    jump.price as price
                from within_days
                union all
                select coin_id, vs_currency, granularity, observed_at, price_before, price
                from over_midnight
            )
    ),

    jumped as (select * from stepped where factor >= {{ var("jump_factor") }} or factor <= 1 / {{ var("jump_factor") }})

select *
from jumped
