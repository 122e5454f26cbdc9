-- One day, one granularity: the points of an hourly candle are hourly. CoinGecko gives one or two for an hour, and the
-- 5-minute series about twelve. Of the days under test.
{{ config(meta={"failure": "ours"}) }}

with

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    candles as (
        select *, from {{ ref("daily_candlestick") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    hours as (
        select coin_id, vs_currency, date, hour(observed_at) as hour, count(*) as points,
        from settled_prices
        semi join candles using (coin_id, vs_currency, granularity, date)
        where granularity = 'hourly'
        group by all
    ),

    crowded as (select * from hours where points >= 10)

select *
from crowded
