-- Holds each final candle against CoinGecko's own four-hour candles once more, straight from their answers: an hourly
-- candle is the same as the day of six of them, and the range of a 5-minute candle holds them. Days of which one is
-- missing, or was requested before the day was settled, are not judged. Of the days under test.
{{ config(meta={"failure": "ours"}) }}

with

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    candles as (
        select * from {{ ref("daily_candlestick") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    ohlc as (
        select *, (closed_at - interval 4 hour)::date as date,
        from {{ ref("stg_coingecko__ohlc") }}
        semi join
            days_under_test
            on stg_coingecko__ohlc.coin_id = days_under_test.coin_id
            and stg_coingecko__ohlc.vs_currency = days_under_test.vs_currency
            and (stg_coingecko__ohlc.closed_at - interval 4 hour)::date = days_under_test.date
    ),

    newest as (
        select *,
        from ohlc
        qualify
            row_number() over (
                partition by coin_id, vs_currency, closed_at order by extracted_at desc, archive_file desc
            )
            = 1
    ),

    days as (
        select
            coin_id,
            vs_currency,
            date,
            list({'open':open, 'high':high, 'low':low, 'close':close} order by closed_at) as quarters,
            max(extracted_at) as asked_at,
        from newest
        group by all
    ),

    judged as (
        select
            candles.*,
            candles.granularity = 'hourly'
            and (
                abs(candles.open / days.quarters[1].open - 1)
                + abs(candles.close / days.quarters[6].close - 1)
                + abs(candles.high / list_max(list_transform(days.quarters, lambda each:each.high)) - 1)
                + abs(candles.low / list_min(list_transform(days.quarters, lambda each:each.low)) - 1)
                > 4 * {{ var("second_opinion_limit_bps") }} / 10000
            ) as is_another_hourly_candle,
            candles.granularity = '5-minute'
            and len(
                list_filter(
                    days.quarters,
                    lambda each:each.high > candles.high * (1 + {{ var("two_series_limit_bps") }} / 10000)
                    or each.low * (1 + {{ var("two_series_limit_bps") }} / 10000) < candles.low
                )
            )
            > 0 as is_another_range,
        from candles
        inner join days using (coin_id, vs_currency, date)
        where
            candles.status = 'final'
            and len(days.quarters) = 6
            and days.asked_at - to_minutes({{ var("settling_minutes") }}) >= candles.date + 1
    ),

    contradicted as (select * from judged where is_another_hourly_candle or is_another_range)

select *
from contradicted
