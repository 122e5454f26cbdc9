-- Lists each UTC day without a candle between a coin's first and last one. No price is invented, so a gap
-- is allowed. It closes when the data comes: a run with `--date` asks for that day and the days before it.
{{ config(severity="warn") }}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    calendar as (
        select coin_id, vs_currency, unnest(generate_series(min(date), max(date), interval 1 day))::date as date,
        from candles
        group by coin_id, vs_currency
    ),

    missing_days as (select * from calendar anti join candles using (coin_id, vs_currency, date))

select *
from missing_days
order by coin_id, vs_currency, date
