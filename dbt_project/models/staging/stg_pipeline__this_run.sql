with

    rows_of_source as (select * from {{ source("pipeline", "this_run") }}),

    this_run as (select coin_id, vs_currency, run_date, as_of, models, build, from rows_of_source)

select *
from this_run
