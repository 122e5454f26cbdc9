{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    settled_prices as (
        select *
        from {{ ref("int_prices_settled") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    candles as (
        select coin_id, vs_currency, granularity, date, {{ candle_of_points() }} from settled_prices group by all
    )

select *
from candles
