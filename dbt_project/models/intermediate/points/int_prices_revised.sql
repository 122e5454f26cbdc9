{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    observations as (
        select *,
        from {{ ref("int_prices_observed") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    compared as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
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

    withdrawals as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            observed_at,
            version + 1 as version,
            price as old_price,
            market_cap as old_market_cap,
            volume_24h as old_volume_24h,
            withdrawn_at as revised_at,
        from observations
        where withdrawn_at is not null
    ),

    revisions as (
        select *, false as is_withdrawn,
        from compared
        where version > 1
        union all by name
        select *, true as is_withdrawn,
        from withdrawals
    )

select *
from revisions
