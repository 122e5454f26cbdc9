{{ config(materialized="table") }}

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

    -- A coin whose price mostly stays the same from point to point is a stable one
    lively as (
        select coin_id, vs_currency, granularity, avg(is_new::integer) > 0.5 as is_lively, from stepped group by all
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

    repeated as (
        select runs.*,
        from runs
        inner join lively using (coin_id, vs_currency, granularity)
        where
            points >= 4
            and hours >= case
                when granularity = '5-minute' and is_lively
                then least({{ var("fine_repeat_hours") }}, {{ var("repeat_hours") }})
                else {{ var("repeat_hours") }}
            end
    )

select *
from repeated
