{{ config(materialized="table") }}

with

    days as (select * from {{ ref("int_days_settled") }}),

    stretches_of_days as (select coin_id, vs_currency, granularity, date, unnest(equal_prices) as stretch, from days),

    -- A stretch goes on if the day begins with the price with which the day before has ended
    stepped as (
        select
            coin_id,
            vs_currency,
            granularity,
            stretch.price as price,
            stretch.first_point_at as first_point_at,
            stretch.last_point_at as last_point_at,
            stretch.points as points,
            coalesce(
                stretch.is_first and (lag(stretch) over series).is_last and (lag(stretch) over series).price = price,
                false
            ) as goes_on,
        from stretches_of_days
        window series as (partition by coin_id, vs_currency, granularity order by stretch.first_point_at)
    ),

    numbered as (
        select
            *,
            sum((not goes_on)::integer) over (
                partition by coin_id, vs_currency, granularity order by first_point_at
            ) as number,
        from stepped
    ),

    counted as (
        select coin_id, vs_currency, granularity, sum(points) as points, sum(stretches) as stretches,
        from days
        group by all
    ),

    going_on as (select coin_id, vs_currency, granularity, count_if(goes_on) as stretches, from stepped group by all),

    -- A coin whose price mostly stays the same from point to point is a stable one
    lively as (
        select
            coin_id,
            vs_currency,
            granularity,
            2 * (counted.stretches - going_on.stretches) > counted.points as is_lively,
        from counted
        inner join going_on using (coin_id, vs_currency, granularity)
    ),

    runs as (
        select
            coin_id,
            vs_currency,
            granularity,
            any_value(price) as price,
            min(first_point_at) as first_point_at,
            max(last_point_at) as last_point_at,
            sum(points)::integer as points,
            date_diff('second', min(first_point_at), max(last_point_at)) / 3600 as hours,
        from numbered
        group by coin_id, vs_currency, granularity, number
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
