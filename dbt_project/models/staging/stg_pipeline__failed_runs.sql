with

    rows_of_source as (select * from {{ source("pipeline", "failed_runs") }}),

    failed_runs as (
        select
            unnest(coins) as coin_id, vs_currency, run_date, failed_at, step, exit_code, reason, window_from, window_to,
        from rows_of_source
    ),

    -- Two runs as of the same instant (`[pipeline] now`) count as one
    told_once as (
        select *
        from failed_runs
        qualify
            row_number() over (partition by coin_id, vs_currency, failed_at, run_date, step order by exit_code, reason)
            = 1
    )

select *
from told_once
