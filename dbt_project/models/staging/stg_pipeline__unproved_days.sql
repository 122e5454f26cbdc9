with

    rows_of_source as (select * from {{ source("pipeline", "unproved_days") }}),

    unproved_days as (select coin_id, vs_currency, date, from rows_of_source)

select *
from unproved_days
