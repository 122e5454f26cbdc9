with

    observations as (select * from {{ ref("int_prices_observed") }}),

    settled as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            observed_at,
            date,
            price,
            market_cap,
            volume_24h,
            last_extracted_at,
            load_number,
        from observations
        where is_latest and not is_live and withdrawn_at is null
    )

select *
from settled
