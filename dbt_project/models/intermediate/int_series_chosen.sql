{{ config(materialized="table") }}

with

    series as (select * from {{ ref("int_series_measured") }}),

    doubted as (
        select coin_id, vs_currency, granularity, date, count(*) as doubts,
        from {{ ref("int_doubts_raised") }}
        group by all
    ),

    -- Most days have one series
    days_of_several as (select coin_id, vs_currency, date, from series group by all having count(*) > 1),

    -- The finest series that covers the day; if none does, the hourly one, unless it is empty.
    -- What can make the candle final comes before what is doubted, the less the better, and that before what was
    -- requested too early to know the whole day.
    ranked as (
        select
            series.*,
            row_number() over (
                partition by coin_id, vs_currency, date
                order by
                    is_settled and is_covered and doubted.doubts is null desc,
                    is_settled and is_covered desc,
                    is_covered desc,
                    case when is_settled and is_covered then coalesce(doubted.doubts, 0) end,
                    case when is_covered then {{ slots_per_day("granularity") }} end desc,
                    points > 0 desc,
                    {{ slots_per_day("granularity") }}
            ) as preference,
        from series
        semi join days_of_several using (coin_id, vs_currency, date)
        left join doubted using (coin_id, vs_currency, granularity, date)
    ),

    chosen as (
        select * exclude (preference)
        from ranked
        where preference = 1
        union all
        select *
        from series
        anti join days_of_several using (coin_id, vs_currency, date)
    )

select *
from chosen
