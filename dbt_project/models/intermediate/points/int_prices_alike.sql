{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this, of_all_coins=true) }}",
    )
}}

with

    days_to_make as (select distinct vs_currency, date, from {{ ref("stg_pipeline__days_to_make") }}),

    settled as (
        select *,
        from {{ ref("int_prices_confirmed") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (vs_currency, date) {% endif %}
    ),

    alike as (
        select
            own.coin_id,
            others.coin_id as other_coin_id,
            own.vs_currency,
            own.granularity,
            own.date,
            own.observed_ms,
            own.observed_at,
            own.price,
            own.is_confirmed as is_own_confirmed,
            others.is_confirmed as is_other_confirmed,
        from settled as own
        inner join
            settled as others
            on own.vs_currency = others.vs_currency
            and own.granularity = others.granularity
            and own.observed_ms = others.observed_ms
            and own.price = others.price
            and own.coin_id <> others.coin_id
    )

select *
from alike
