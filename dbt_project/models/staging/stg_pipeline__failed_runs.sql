with

    rows_of_source as (select * from {{ source("pipeline", "failed_runs") }}),

    failed_runs as (
        select
            unnest(coins) as coin_id, vs_currency, run_date, failed_at, step, exit_code, reason, window_from, window_to,
        from rows_of_source
    )

select *
from failed_runs
