with

    answers as (select * from {{ source("raw", "market_chart") }}),

    extractions as (
        select
            load_number,
            archive_file,
            sha256,
            source,
            coin_id,
            vs_currency,
            granularity,
            window_from,
            window_to,
            extracted_at,
            run_date,
            newest_point_at,
            points,
        from answers
    )

select *
from extractions
