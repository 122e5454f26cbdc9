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

    released as (select * from {{ ref("stg_pipeline__released_answers") }}),

    -- When each price of a stamp was first and last given, whatever came between
    given as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            price,
            min(first_extracted_at) as first_given_at,
            max(last_extracted_at) as last_given_at,
        from observations
        group by all
    ),

    known as (
        select *, min(first_given_at) over stamp as first_known_at, count(*) over stamp > 1 as has_other_prices,
        from given
        window stamp as (partition by coin_id, vs_currency, granularity, observed_ms)
    ),

    confirmed as (
        select
            observations.coin_id,
            observations.vs_currency,
            observations.granularity,
            observations.date,
            observations.observed_ms,
            observations.observed_at,
            observations.price,
            observations.price = format('{:.3e}', observations.price)::double as has_few_digits,
            observations.load_number,
            known.first_given_at,
            known.first_known_at < observations.last_extracted_at as is_known_before,
            known.has_other_prices,
            known.last_given_at - known.first_given_at >= interval 1 hour
            or released.load_number is not null as is_confirmed,
        from observations
        inner join known using (coin_id, vs_currency, granularity, observed_ms, price)
        left join released using (load_number)
        where observations.is_latest and not observations.is_live and observations.withdrawn_at is null
    )

select *
from confirmed
