with

    decided_answers as (select * from {{ source("pipeline", "decided_answers") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    released as (
        select extractions.archive_file, extractions.load_number,
        from extractions
        inner join decided_answers using (archive_file)
        where decided_answers.action = 'released'
    )

select *
from released
