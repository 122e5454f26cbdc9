{{ config(materialized="table") }}

with

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            source,
            window_from,
            window_to,
            extracted_at,
            newest_point_at,
            unnest(generate_series(window_from::date, window_to::date, interval 1 day))::date as date,
        from extractions
    ),

    extracted_days as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            any_value(source) as source,
            max(extracted_at) as last_extracted_at,
            -- One answer was requested for the day's whole last hour, late enough for CoinGecko to have settled it, and
            -- answered to the last slot. A window of whole days always has that hour; one of 24 hours may begin in it
            coalesce(
                bool_or(
                    window_from <= date + interval 23 hour
                    and window_to >= date + interval 1 day - interval 1 second
                    and extracted_at >= date + interval 1 day + interval {{ var("settling_minutes") }} minute
                    and newest_point_at >= date + interval 1 day - to_seconds({{ slot_seconds("granularity") }})
                ),
                false
            ) as is_settled,
        from days
        where granularity in ('hourly', '5-minute')
        group by all
    ),

    with_today as (select *, date = (max(last_extracted_at) over ())::date as is_open, from extracted_days)

select *
from with_today
