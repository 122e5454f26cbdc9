{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    settled_prices as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot
        from {{ ref("int_prices_settled") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    -- One sort for all: by series, which takes a third less time than by day
    stepped as (
        select
            *,
            row_number() over series as number,
            lag(slot) over series as slot_before,
            lag(price) over series as price_before,
            lead(price) over series as price_after,
            lag(date) over series is distinct from date as is_first,
            lead(date) over series is distinct from date as is_last
        from settled_prices
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    -- Where a stretch of one price begins, and where it ends: both within the day
    marked as (
        select
            *,
            is_first or price is distinct from price_before as is_begin,
            is_last or price is distinct from price_after as is_end
        from stepped
    ),

    -- A stretch of a single point matters only at an end of the day
    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            count(*) as points,
            count(*) filter (where slot is distinct from slot_before) as slots_seen,
            bit_or(1 << divide(observed_ms % 86400000, 3600000)) as hours_seen,
            min(observed_ms % 86400000) as first_ms,
            max(observed_ms % 86400000) as last_ms,
            list(struct_pack(observed_at := observed_at, price_before := price_before, price := price)) filter (
                where
                    not is_first
                    and (
                        price / price_before >= {{ var("jump_factor") }}
                        or price / price_before <= 1 / {{ var("jump_factor") }}
                    )
            ) as jumps,
            count(*) filter (where is_begin) as stretches,
            list(
                struct_pack(number := number, price := price, observed_at := observed_at, is_first := is_first)
            ) filter (where is_begin and (not is_end or is_first or is_last)) as begins,
            list(struct_pack(number := number, observed_at := observed_at, is_last := is_last)) filter (
                where is_end and (not is_begin or is_first or is_last)
            ) as ends,
            histogram(load_number) as points_by_answer
        from marked
        group by all
    ),

    -- Each beginning with its end
    paired as (
        select
            * exclude (begins, ends),
            list_transform(
                list_zip(list_sort(begins), list_sort(ends)),
                lambda pair:struct_pack(
                    price := pair[1].price,
                    first_point_at := pair[1].observed_at,
                    last_point_at := pair[2].observed_at,
                    points := pair[2].number - pair[1].number + 1,
                    is_first := pair[1].is_first,
                    is_last := pair[2].is_last
                )
            ) as stretches_kept
        from days
    ),

    -- A stretch of one price may go on at midnight; within the day it says something from four points on
    days_settled as (
        select
            * exclude (jumps, stretches_kept, points_by_answer),
            coalesce(list_sort(jumps), []) as jumps,
            list_filter(
                stretches_kept, lambda stretch:stretch.is_first or stretch.is_last or stretch.points >= 4
            ) as equal_prices,
            list_transform(
                map_entries(points_by_answer),
                lambda entry:struct_pack(load_number := entry.key, points := entry.value::bigint)
            ) as answers
        from paired
    )

select *
from days_settled
