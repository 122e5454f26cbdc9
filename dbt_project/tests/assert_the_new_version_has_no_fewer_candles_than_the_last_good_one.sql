-- What was published stays: a day that readers have a candle of has one in the new version. If raw answers are
-- lost, that is a failure and not a revision.
with

    candles as (select * from {{ ref("daily_candlestick") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    lost as (select * from published_candles anti join candles using (coin_id, vs_currency, date))

select *
from lost
