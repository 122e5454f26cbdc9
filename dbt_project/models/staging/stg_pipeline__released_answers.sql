with

    released_answers as (select * from {{ source("pipeline", "released_answers") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    released as (select archive_file, load_number, from extractions semi join released_answers using (archive_file))

select *
from released
