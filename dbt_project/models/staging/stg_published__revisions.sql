with

    rows_of_source as (select * from {{ source("published", "revisions") }}),

    revisions as (
        select
            coin_id,
            vs_currency,
            date,
            subject,
            observed_at,
            granularity,
            field,
            old_value,
            new_value,
            reason,
            revised_at,
            run_date,
            build,
            archive_file,
            source,
        from rows_of_source
    )

select *
from revisions
