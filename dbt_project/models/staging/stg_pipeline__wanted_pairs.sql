with

    rows_of_source as (select * from {{ source("pipeline", "wanted_pairs") }}),

    wanted_pairs as (select coin_id, vs_currency, from rows_of_source)

select *
from wanted_pairs
