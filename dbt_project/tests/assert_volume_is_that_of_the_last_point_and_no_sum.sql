-- If the candle's last point has a volume, it is the candle's volume. The figure rolls over 24 hours: a sum
-- would count each trade up to 24 or 288 times.
{{ config(meta={"failure": "ours"}) }}

with

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    candles as (
        select * from {{ ref("daily_candlestick") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    observations as (select * from {{ ref("int_prices_observed") }}),

    wrong_candles as (
        select candles.*, observations.volume_24h as volume_at_last_point,
        from candles
        inner join
            observations
            on candles.coin_id = observations.coin_id
            and candles.vs_currency = observations.vs_currency
            and candles.granularity = observations.granularity
            and candles.date = observations.date
            and candles.last_point_at = observations.observed_at
            and observations.is_latest
        where candles.volume_24h is distinct from observations.volume_24h and observations.volume_24h is not null
    )

select *
from wrong_candles
