{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(this) }}",
        post_hook="{{ clear_touched_days() }}",
    )
}}

with

    points as (select * from {{ ref("stg_coingecko__points") }}),

    touched_days as (select * from {{ ref("stg_pipeline__touched_days") }}),

    -- A day of which an answer came or went is rebuilt whole, from every answer that holds points of it
    touched_points as (
        select *,
        from points
        {% if is_incremental() %} semi join touched_days using (coin_id, vs_currency, date) {% endif %}
    ),

    -- One answer, one value for a stamp: if a stamp is there twice, the later position counts
    answered as (
        select
            *,
            -- A stamp that any answer has inside its series is not a live point
            bool_and(is_live) over (partition by coin_id, vs_currency, granularity, observed_ms) as is_always_live,
        from touched_points
        qualify row_number() over (partition by load_number, granularity, observed_ms order by position desc) = 1
    ),

    compared as (
        select
            *,
            (price, market_cap, volume_24h)
            is distinct from lag((price, market_cap, volume_24h)) over series as is_changed,
        from answered
        window
            series as (partition by coin_id, vs_currency, granularity, observed_ms order by extracted_at, load_number)
    ),

    numbered as (
        select
            *,
            sum(is_changed::integer) over (
                partition by coin_id, vs_currency, granularity, observed_ms order by extracted_at, load_number
            ) as version,
        from compared
    ),

    observations as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            observed_at,
            date,
            version::integer as version,
            any_value(is_always_live) as is_live,
            any_value(price) as price,
            any_value(market_cap) as market_cap,
            any_value(volume_24h) as volume_24h,
            min(extracted_at) as first_extracted_at,
            max(extracted_at) as last_extracted_at,
            max(load_number) as load_number,
        from numbered
        group by all
    )

select *, version = max(version) over (partition by coin_id, vs_currency, granularity, observed_ms) as is_latest,
from observations
order by coin_id, vs_currency, observed_ms, version
