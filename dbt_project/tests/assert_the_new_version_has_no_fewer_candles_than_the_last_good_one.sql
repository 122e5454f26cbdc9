-- What was published stays: a day that readers have a candle of has one in the new version. It may go if it was open
-- and made of a live point alone, if CoinGecko has withdrawn its points, or if an answer was quarantined since. Each of
-- these is a revision. Any other loss, as of raw answers, is a failure.
{{ config(meta={"failure": "ours"}) }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    published_version as (select * from {{ ref("stg_published__versions") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    decided_days as (select * from {{ ref("stg_pipeline__decided_days") }}),

    lost as (select * from published_candles anti join candles using (coin_id, vs_currency, date)),

    withdrawn as (
        select distinct coin_id, vs_currency, granularity, date, from observations where withdrawn_at is not null
    ),

    quarantined as (
        select distinct coin_id, vs_currency, date,
        from decided_days
        cross join published_version
        where action = 'quarantined' and number > published_version.decisions
    ),

    unexplained as (
        select *
        from lost
        anti join withdrawn using (coin_id, vs_currency, granularity, date)
        anti join quarantined using (coin_id, vs_currency, date)
        where not (status = 'open' and points = 0)
    )

select *
from unexplained
