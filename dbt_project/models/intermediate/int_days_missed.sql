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

    -- The first answer that covers the day, and the first one after it, whatever it covers
    looked_at as (
        select
            calendar.coin_id,
            calendar.vs_currency,
            calendar.date,
            min(extractions.extracted_at) filter (
                calendar.date::timestamp between extractions.window_from and extractions.window_to
            ) as covered_at,
            min(extractions.extracted_at) filter (
                extractions.extracted_at
                >= calendar.date + interval 1 day + interval {{ var("settling_minutes") }} minute
            ) as found_at,
        from calendar
        inner join extractions using (coin_id, vs_currency)
        group by all
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
