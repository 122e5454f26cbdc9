{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_touched_days(this) }}",
    )
}}

with

    touched_days as (select * from {{ ref("stg_pipeline__touched_days") }}),

    settled_prices as (
        select *
        from {{ ref("int_prices_settled") }}
        {% if is_incremental() %} semi join touched_days using (coin_id, vs_currency, date) {% endif %}
    ),

    candles as (
        select coin_id, vs_currency, granularity, date, {{ candle_of_points() }} from settled_prices group by all
    )

select *
from candles
