with

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    stepped as (
        select *, price is distinct from lag(price) over series as is_new,
        from settled_prices
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    numbered as (
        select
            *,
            sum(is_new::integer) over (
                partition by coin_id, vs_currency, granularity order by observed_ms
            ) as run_of_price,
        from stepped
    ),

    runs as (
        select
            coin_id,
            vs_currency,
            granularity,
            any_value(price) as price,
            min(observed_at) as first_point_at,
            max(observed_at) as last_point_at,
            count(*)::integer as points,
            date_diff('second', min(observed_at), max(observed_at)) / 3600 as hours,
        from numbered
        group by coin_id, vs_currency, granularity, run_of_price
    ),

    repeated as (select * from runs where points >= 4 and hours >= {{ var("repeat_hours") }})

select *
from repeated
