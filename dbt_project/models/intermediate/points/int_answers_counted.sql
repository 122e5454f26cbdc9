{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    settled as (
        select *
        from {{ ref("int_prices_confirmed") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    counted as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            load_number,
            count(*) as points,
            count_if(not is_confirmed) as unconfirmed,
            count_if(has_few_digits) as with_few_digits,
            count_if(is_known_before) as known,
            count_if(is_known_before and has_other_prices and not is_confirmed) as revised
        from settled
        group by all
    )

select *
from counted
