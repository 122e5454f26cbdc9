with

    touched_days as (select distinct coin_id, vs_currency, date from {{ source("pipeline", "touched_days") }}),

    days_made as (select * from {{ source("pipeline", "days_made") }}),

    slice_of_days as (select * from {{ source("pipeline", "slice_of_days") }}),

    days_to_make as (
        select *
        from touched_days
        anti join days_made using (coin_id, vs_currency, date)
        where
            not exists (select * from slice_of_days)
            or (coin_id, vs_currency, date) in (select (coin_id, vs_currency, date) from slice_of_days)
    )

select *
from days_to_make
