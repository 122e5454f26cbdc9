{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_days_to_make(this) }}",
    )
}}

with

    days_to_make as (select * from {{ ref("stg_pipeline__days_to_make") }}),

    settled_prices as (
        select *,
        from {{ ref("int_prices_settled") }}
        {% if is_incremental() or is_sliced() %} semi join days_to_make using (coin_id, vs_currency, date) {% endif %}
    ),

    -- Points that are 10 minutes apart or less lie in the same stretch of 10 minutes or in neighbouring ones
    hourly as (
        select *, unnest([-1, 0, 1]) + divide(observed_ms, 600000) as stretch,
        from settled_prices
        where granularity = 'hourly'
    ),

    fine as (select *, divide(observed_ms, 600000) as stretch, from settled_prices where granularity = '5-minute'),

    -- One 5-minute point alone is not a range
    around as (
        select
            hourly.coin_id,
            hourly.vs_currency,
            hourly.date,
            hourly.observed_at,
            hourly.price,
            count(*) as fine_points,
            min(fine.price) as fine_low,
            max(fine.price) as fine_high,
        from hourly
        inner join fine using (coin_id, vs_currency, date, stretch)
        where abs(hourly.observed_ms - fine.observed_ms) <= 600000
        group by all
        having count(*) > 1
    ),

    compared as (select *, 10000 * greatest(price / fine_high - 1, fine_low / price - 1, 0) as bps, from around)

select *
from compared
