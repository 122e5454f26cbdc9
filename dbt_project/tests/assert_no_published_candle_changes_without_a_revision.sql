-- Each settled candle that readers have is the same in the new version, or the ledger says what changed.
{{ config(meta={"failure": "ours"}) }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    revisions as (select * from {{ ref("candle_revisions") }}),

    this_run as (select distinct as_of, from {{ ref("stg_pipeline__this_run") }}),

    recorded as (
        select distinct coin_id, vs_currency, date,
        from revisions
        semi join this_run on revisions.revised_at = this_run.as_of
        where subject = 'candle'
    ),

    changed as (
        select coin_id, vs_currency, date,
        from
            (
                select
                    coin_id, vs_currency, date, open, high, low, close, volume_24h, market_cap, points, status, doubts,
                from published_candles
                where status <> 'open'
                except
                select
                    coin_id, vs_currency, date, open, high, low, close, volume_24h, market_cap, points, status, doubts,
                from candles
            )
    ),

    silent as (select * from changed anti join recorded using (coin_id, vs_currency, date))

select *
from silent
