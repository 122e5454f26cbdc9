{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    settled_prices as (
        select *, observed_ms % 86400000 as into_day_ms,
        from {{ ref("int_prices_settled") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    stepped as (
        select *, lag(price) over day as price_before, price is distinct from lag(price) over day as is_new,
        from settled_prices
        window day as (partition by coin_id, vs_currency, granularity, date order by observed_ms)
    ),

    numbered as (
        select
            *,
            sum(is_new::integer) over (
                partition by coin_id, vs_currency, granularity, date order by observed_ms
            ) as number,
        from stepped
    ),

    stretches as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            number,
            any_value(price) as price,
            min(observed_at) as first_point_at,
            max(observed_at) as last_point_at,
            count(*) as points,
        from numbered
        group by all
    ),

    placed as (
        select
            *,
            number = 1 as is_first,
            number = max(number) over (partition by coin_id, vs_currency, granularity, date) as is_last,
        from stretches
    ),

    -- A stretch of one price may go on at midnight; within the day it says something from four points on
    equal_prices as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            max(number) as stretches,
            list(
                struct_pack(
                    price := price,
                    first_point_at := first_point_at,
                    last_point_at := last_point_at,
                    points := points,
                    is_first := is_first,
                    is_last := is_last
                )
                order by first_point_at
            ) filter (is_first or is_last or points >= 4) as equal_prices,
        from placed
        group by all
    ),

    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            count(*) as points,
            count(distinct {{ slot_of("granularity", "observed_ms") }}) as slots_seen,
            list(distinct divide(into_day_ms, 3600000)) as hours_seen,
            min(into_day_ms) as first_ms,
            max(into_day_ms) as last_ms,
            coalesce(
                list(struct_pack(observed_at := observed_at, price_before := price_before, price := price)) filter (
                    price / price_before >= {{ var("jump_factor") }}
                    or price / price_before <= 1 / {{ var("jump_factor") }}
                ),
                []
            ) as jumps,
        from stepped
        group by all
    ),

    -- For each point the newest answer that gave it
    given as (
        select coin_id, vs_currency, granularity, date, load_number, count(*) as points, from stepped group by all
    ),

    answers as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            list(struct_pack(load_number := load_number, points := points) order by load_number) as answers,
        from given
        group by all
    ),

    days_settled as (
        select days.*, equal_prices.stretches, equal_prices.equal_prices, answers.answers,
        from days
        inner join equal_prices using (coin_id, vs_currency, granularity, date)
        inner join answers using (coin_id, vs_currency, granularity, date)
    )

select *
from days_settled
