{{ config(materialized="table") }}

with

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    -- A window that begins within a day does not cover that day: of the 24 hours before an extraction only the second
    -- day counts. Holes in such a day are found slot by slot
    bounds as (
        select
            coin_id,
            vs_currency,
            (min(window_from) + interval 1 day - interval 1 microsecond)::date as first_day,
            max(window_to)::date as last_day,
        from extractions
        group by all
    ),

    calendar as (
        select coin_id, vs_currency, unnest(generate_series(first_day, last_day, interval 1 day))::date as date,
        from bounds
    ),

    days_covered as (
        select
            coin_id,
            vs_currency,
            extracted_at,
            window_from,
            unnest(generate_series(window_from::date, window_to::date, interval 1 day))::date as date,
        from extractions
    ),

    covered as (
        select coin_id, vs_currency, date, min(extracted_at) as covered_at,
        from days_covered
        where window_from <= date
        group by all
    ),

    -- The ends of days and the answers on one line of time: a join on an inequality would compare each with each
    on_one_line as (
        select
            coin_id,
            vs_currency,
            date,
            date + interval 1 day + interval {{ var("settling_minutes") }} minute as instant,
            null as extracted_at,
        from calendar
        union all
        select coin_id, vs_currency, null as date, extracted_at as instant, extracted_at,
        from extractions
    ),

    -- The first answer that covers the day, and the first one after it, whatever it covers
    found as (
        select
            coin_id,
            vs_currency,
            date,
            min(extracted_at) over (partition by coin_id, vs_currency order by instant desc) as found_at,
        from on_one_line
    ),

    looked_at as (
        select found.coin_id, found.vs_currency, found.date, covered.covered_at, found.found_at,
        from found
        left join covered using (coin_id, vs_currency, date)
        where found.date is not null
    ),

    -- A day before everything that had been requested until then was not a gap
    known as (
        select
            looked_at.*,
            (
                select min(extractions.window_from)
                from extractions
                where
                    extractions.coin_id = looked_at.coin_id
                    and extractions.vs_currency = looked_at.vs_currency
                    and extractions.extracted_at <= looked_at.found_at
            ) as known_from,
        from looked_at
        where covered_at is null or covered_at > found_at
    ),

    missed as (
        select coin_id, vs_currency, date, found_at, covered_at as closed_at,
        from known
        where covered_at is null or known_from <= date
    )

select *
from missed
