{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    -- A day of which an answer came or went is rebuilt whole, from every answer that holds points of it
    touched_points as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("stg_coingecko__points") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    -- The slots of each answer, those beside a touched day too
    slots as (
        select distinct
            coin_id,
            vs_currency,
            granularity,
            load_number,
            extracted_at,
            {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("stg_coingecko__points") }}
        {% if is_incremental() or is_sliced() %}
            semi join
                (select coin_id, vs_currency, date + unnest([-1, 0, 1]) as date, from days_to_make) using (
                    coin_id, vs_currency, date
                )
        {% endif %}
        where not may_be_live
    ),

    -- The answers that fill a slot and both slots beside it: each would have every point of the slot
    filled as (
        select coin_id, vs_currency, granularity, slot, list(extracted_at order by extracted_at) as filled_at,
        from
            (
                select *, lag(slot) over answer = slot - 1 and lead(slot) over answer = slot + 1 as is_filled,
                from slots
                window answer as (partition by load_number, granularity order by slot)
            )
        where is_filled
        group by all
    ),

    -- One answer, one value for a stamp: if a stamp is there twice, the later position counts
    answered as (
        select
            *,
            -- A stamp that any answer has before its own end is not a live point
            bool_and(may_be_live) over (partition by coin_id, vs_currency, granularity, observed_ms) as is_always_live,
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

    versions as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            observed_at,
            date,
            slot,
            version::integer as version,
            any_value(is_always_live) as is_live,
            any_value(price) as price,
            any_value(market_cap) as market_cap,
            any_value(volume_24h) as volume_24h,
            min(extracted_at) as first_extracted_at,
            max(extracted_at) as last_extracted_at,
            max_by(load_number, (extracted_at, load_number)) as load_number,
        from numbered
        group by all
    ),

    marked as (
        select
            *, version = max(version) over (partition by coin_id, vs_currency, granularity, observed_ms) as is_latest,
        from versions
    ),

    -- A point is withdrawn by the first later answer that would have it and does not. An empty slot is a hole, and
    -- takes nothing away
    observations as (
        select
            marked.* exclude (slot),
            case
                when marked.is_latest and not marked.is_live
                then list_filter(filled.filled_at, lambda filled:filled > marked.last_extracted_at)[1]
            end as withdrawn_at,
        from marked
        left join filled using (coin_id, vs_currency, granularity, slot)
    )

select *
from observations
order by coin_id, vs_currency, observed_ms, version
