with

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            source,
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
            -- Asked for to its last second, late enough for CoinGecko to have settled it, and answered to its last slot
            coalesce(
                bool_or(
                    window_to >= date + interval 1 day - interval 1 second
                    and extracted_at >= date + interval 1 day + interval {{ var("settling_minutes") }} minute
                    and newest_point_at >= date + interval 1 day - to_seconds({{ slot_seconds("granularity") }})
                ),
                false
            ) as is_settled,
        from days
        where granularity in ('hourly', '5-minute')
        group by all
    )

select *
from extracted_days
