{{ config(materialized="table") }}

with

    days as (select * from {{ ref("int_days_settled") }}),

    extracted_days as (select * from {{ ref("int_days_extracted") }}),

    -- Of the open day only what was over at the day's newest extraction can be expected, of whichever series that is: a
    -- series that was not requested again falls behind
    due as (
        select
            *,
            case
                when is_open
                then
                    date_diff(
                        'millisecond',
                        date::timestamp,
                        max(last_extracted_at) over (partition by coin_id, vs_currency, date)
                    )
                else 86400000
            end as due_ms,
        from extracted_days
    ),

    expected as (select *, divide(due_ms, 1000 * {{ slot_seconds("granularity") }}) as expected_points from due),

    measured as (
        select
            expected.*,
            coalesce(days.points, 0) as points,
            case
                when expected.expected_points = 0
                then 1
                else least(1, coalesce(days.slots_seen, 0) / expected.expected_points)
            end as coverage,
            days.hours_seen,
            (1 << greatest(divide(expected.due_ms, 3600000), 0)) - 1 as hours_due,
            days.first_ms,
            days.last_ms
        from expected
        left join days using (coin_id, vs_currency, granularity, date)
    ),

    -- The 5-minute series is requested for the last 24 hours alone, and a day is pieced together from two answers:
    -- its edges and each hour are checked as well, because a late start would make a wrong open
    judged as (
        select
            * exclude (due_ms, hours_seen, hours_due, first_ms, last_ms),
            coverage >= {{ var("min_coverage") }}
            and (
                granularity = 'hourly'
                or due_ms < 60000 * {{ var("edge_minutes") }}
                or coalesce(
                    (hours_seen & hours_due) = hours_due
                    and first_ms < 60000 * {{ var("edge_minutes") }}
                    and last_ms >= due_ms - 60000 * {{ var("edge_minutes") }},
                    false
                )
            ) as is_covered,
            -- Whether the open and the close are those of the day's ends. For the hourly series this is no part of
            -- is_covered: which series makes the candle does not depend on it
            is_open
            or coalesce(
                first_ms < {{ edge_ms("granularity") }} and last_ms >= due_ms - {{ edge_ms("granularity") }}, false
            ) as has_edges,
        from measured
    )

select *
from judged
