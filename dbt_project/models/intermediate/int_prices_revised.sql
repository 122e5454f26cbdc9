with

    observations as (select * from {{ ref("int_prices_observed") }}),

    compared as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_at,
            version,
            lag(price) over versions as old_price,
            price as new_price,
            lag(market_cap) over versions as old_market_cap,
            market_cap as new_market_cap,
            lag(volume_24h) over versions as old_volume_24h,
            volume_24h as new_volume_24h,
            first_extracted_at as revised_at,
        from observations
        window versions as (partition by coin_id, vs_currency, granularity, observed_ms order by version)
    ),

    revisions as (select * from compared where version > 1)

select *
from revisions
