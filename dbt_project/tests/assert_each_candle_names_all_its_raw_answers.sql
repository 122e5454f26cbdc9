-- A candle has as many points as its raw answers gave, the live point that closes it included.
{{ config(meta={"failure": "ours"}) }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    candle_sources as (select * from {{ ref("candle_sources") }}),

    given as (select coin_id, vs_currency, date, sum(points) as points_given, from candle_sources group by all),

    unexplained as (
        select *
        from candles
        left join given using (coin_id, vs_currency, date)
        where points_given is distinct from candles.points + candles.is_closed_by_live_point::integer
    )

select *
from unexplained
