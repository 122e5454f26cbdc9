with

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    extracted_days as (select * from {{ ref("int_days_extracted") }}),

    now_known as (select max(last_extracted_at) as as_of from extracted_days),

    counted as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            count(*) as points,
            count(distinct divide(observed_ms, 1000 * {{ slot_seconds("granularity") }})) as slots_seen,
        from settled_prices
        group by all
    ),

    expected as (
        select
            extracted_days.*,
            extracted_days.date = now_known.as_of::date as is_open,
            -- Of the open day only the slots that were over when it was asked for can be expected
            case
                when extracted_days.date = now_known.as_of::date
                then
                    divide(
                        date_diff('second', extracted_days.date::timestamp, extracted_days.last_extracted_at),
                        {{ slot_seconds("granularity") }}
                    )
                else {{ slots_per_day("granularity") }}
            end as expected_points,
        from extracted_days
        cross join now_known
    ),

    measured as (
        select
            expected.*,
            coalesce(counted.points, 0) as points,
            case
                when expected.expected_points = 0
                then 1
                else least(1, coalesce(counted.slots_seen, 0) / expected.expected_points)
            end as coverage,
        from expected
        left join counted using (coin_id, vs_currency, granularity, date)
    ),

    -- The finest series that covers the day; where none does, the one that covers most of it.
    -- What can make the candle final comes before what was asked for too early to know the whole day.
    ranked as (
        select
            *,
            row_number() over (
                partition by coin_id, vs_currency, date
                order by
                    is_settled and coverage >= {{ var("min_coverage") }} desc,
                    coverage >= {{ var("min_coverage") }} desc,
                    case when coverage >= {{ var("min_coverage") }} then {{ slots_per_day("granularity") }} end desc,
                    coverage desc,
                    {{ slots_per_day("granularity") }} desc
            ) as preference,
        from measured
    ),

    chosen as (select * exclude (preference) from ranked where preference = 1)

select *
from chosen
