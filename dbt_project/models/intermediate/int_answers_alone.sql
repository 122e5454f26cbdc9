{{ config(materialized="table") }}

with

    points as (select *, {{ slot_of("granularity", "observed_ms") }} as slot, from {{ ref("int_prices_confirmed") }}),

    withdrawn_points as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("int_prices_observed") }}
        where withdrawn_at is not null
    ),

    known as (
        select
            coin_id,
            vs_currency,
            granularity,
            load_number,
            count_if(is_known_before) as known,
            count_if(is_known_before and has_other_prices and not is_confirmed) as revised,
        from points
        group by all
    ),

    slots as (
        select coin_id, vs_currency, granularity, slot, max(load_number) as load_number,
        from points
        group by all
        having not bool_or(is_confirmed)
    ),

    -- Points that are gone, where nobody else says what is there instead
    taken_away as (
        select coin_id, vs_currency, granularity, slots.load_number, count(*) as withdrawn,
        from withdrawn_points
        inner join slots using (coin_id, vs_currency, granularity, slot)
        group by all
    ),

    compared as (
        select
            known.* exclude (known, revised),
            known.known + coalesce(taken_away.withdrawn, 0) as known,
            known.revised,
            coalesce(taken_away.withdrawn, 0) as withdrawn,
        from known
        left join taken_away using (coin_id, vs_currency, granularity, load_number)
    ),

    -- A few at once are how CoinGecko works
    answers_alone as (
        select
            *,
            revised > {{ var("mass_points") }} and revised > {{ var("mass_share") }} * known as is_mass_revision,
            withdrawn > {{ var("mass_points") }} and withdrawn > {{ var("mass_share") }} * known as is_mass_withdrawal,
        from compared
        where is_mass_revision or is_mass_withdrawal
    )

select *
from answers_alone
