{{ config(materialized="table") }}

with

    days as (select * from {{ ref("int_days_settled") }}),

    -- The ends of each day alone: whole lists would be carried through the window
    ends as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            points,
            stretches,
            equal_prices[1].price as first_price,
            equal_prices[1].is_first as is_first,
            equal_prices[-1].price as last_price,
            equal_prices[-1].is_last as is_last
        from days
    ),

    -- A stretch goes on if the day begins with the price with which the day before has ended
    followed as (
        select
            *,
            coalesce(
                is_first and lag(is_last) over series and lag(last_price) over series = first_price, false
            ) as goes_on,
            coalesce(
                is_last and lead(is_first) over series and lead(first_price) over series = last_price, false
            ) as is_followed
        from ends
        window series as (partition by coin_id, vs_currency, granularity order by date)
    ),

    -- The others have no stretch of four points, nor a part of one
    days_to_look_at as (
        select days.coin_id, days.vs_currency, days.granularity, days.equal_prices, followed.goes_on
        from days
        inner join followed using (coin_id, vs_currency, granularity, date)
        where
            followed.goes_on
            or followed.is_followed
            or len(list_filter(days.equal_prices, lambda stretch:stretch.points >= 4)) > 0
    ),

    stretches_of_days as (
        select coin_id, vs_currency, granularity, goes_on, unnest(equal_prices) as stretch from days_to_look_at
    ),

    stepped as (
        select
            coin_id,
            vs_currency,
            granularity,
            stretch.price as price,
            stretch.first_point_at as first_point_at,
            stretch.last_point_at as last_point_at,
            stretch.points as points,
            stretch.is_first and goes_on as goes_on
        from stretches_of_days
    ),

    numbered as (
        select
            *,
            sum((not goes_on)::integer) over (
                partition by coin_id, vs_currency, granularity order by first_point_at
            ) as number,
        from stepped
    ),

    -- A coin whose price mostly stays the same from point to point is a stable one
    lively as (
        select coin_id, vs_currency, granularity, 2 * (sum(stretches) - count_if(goes_on)) > sum(points) as is_lively
        from followed
        group by all
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
