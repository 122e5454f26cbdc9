-- CoinGecko's two series are samples of the same price: an hourly point lies between the lowest and the highest of the
-- 5-minute points of the 10 minutes before and after it, up to `two_series_limit_bps`, and so does the hourly candle
-- within the 5-minute one. A factor, another unit, another coin or shifted stamps put it elsewhere. Lists the hourly
-- points of the last seven days that are over and known that do not; all of them, whichever series made the candle.
{{ config(severity="warn") }}

with

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    today as (select max(extracted_at)::date as date, from extractions),

    recent as (
        select settled_prices.*,
        from settled_prices
        cross join today
        where settled_prices.date between today.date - 7 and today.date - 1
    ),

    hourly as (select * from recent where granularity = 'hourly'),

    fine as (select * from recent where granularity = '5-minute'),

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
        inner join
            fine
            on hourly.coin_id = fine.coin_id
            and hourly.vs_currency = fine.vs_currency
            and hourly.date = fine.date
            and abs(hourly.observed_ms - fine.observed_ms) <= 600000
        group by all
        having count(*) > 1
    ),

    measured as (select *, 10000 * greatest(price / fine_high - 1, fine_low / price - 1, 0) as bps, from around),

    elsewhere as (select * from measured where bps > {{ var("two_series_limit_bps") }})

select *
from elsewhere
order by coin_id, vs_currency, observed_at
