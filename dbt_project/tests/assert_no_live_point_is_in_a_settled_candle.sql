-- What CoinGecko appended for "now", and never confirmed, is not a point of the settled series and does not
-- close a candle of a day that is over.
{{ config(meta={"failure": "ours"}) }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    live_points as (select coin_id, vs_currency, granularity, observed_at, from observations where is_live),

    closed_by_live_points as (
        select coin_id, vs_currency, date, last_point_at as observed_at,
        from candles
        where status <> 'open' and is_closed_by_live_point
    ),

    live_inside as (
        select coin_id, vs_currency, date, observed_at,
        from settled_prices
        semi join live_points using (coin_id, vs_currency, granularity, observed_at)
    ),

    violations as (
        select *
        from closed_by_live_points
        union
        select *
        from live_inside
    )

select *
from violations
