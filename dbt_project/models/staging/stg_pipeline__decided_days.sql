with

    decided_answers as (select * from {{ source("pipeline", "decided_answers") }}),

    decided_days as (
        select
            archive_file,
            coin_id,
            vs_currency,
            unnest(generate_series(first_day, last_day, interval 1 day))::date as date,
            action,
            "check" as check_name,
            number,
        from decided_answers
    )

select *
from decided_days
