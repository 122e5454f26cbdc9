with

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    stepped as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_at,
            lag(price) over series as price_before,
            price,
            price / lag(price) over series as factor,
        from settled_prices
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    jumped as (select * from stepped where factor >= {{ var("jump_factor") }} or factor <= 1 / {{ var("jump_factor") }})

select *
from jumped
