-- CoinGecko's two series are samples of the same price: an hourly point lies between the lowest and the highest of the
-- 5-minute points of the 10 minutes before and after it, up to `two_series_limit_bps`, and so does the hourly candle
-- within the 5-minute one. A factor, another unit, another coin or shifted stamps put it elsewhere. Lists the hourly
-- points of the last seven days that are over and known that do not; all of them, whichever series made the candle.
{{ config(severity="warn", meta={"failure": "doubt"}) }}

with

    compared as (select * from {{ ref("int_series_compared") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    today as (select max(extracted_at)::date as date, from extractions),

    elsewhere as (
        select compared.*,
        from compared
        cross join today
        where compared.date between today.date - 7 and today.date - 1 and bps > {{ var("two_series_limit_bps") }}
    )

select *
from elsewhere
order by coin_id, vs_currency, observed_at
