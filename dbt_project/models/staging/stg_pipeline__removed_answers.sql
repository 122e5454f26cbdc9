with

    rows_of_source as (select * from {{ source("pipeline", "removed_answers") }}),

    removed_answers as (select load_number, coin_id, vs_currency, from rows_of_source)

select *
from removed_answers
