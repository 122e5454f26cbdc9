with

    days as (select * from {{ source("pipeline", "touched_days") }}),

    touched_days as (select distinct coin_id, vs_currency, date, from days)

select *
from touched_days
