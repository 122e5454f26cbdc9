-- A candle of a day that is over is `final` if and only if one answer of its own series was asked for up to
-- the day's last second, after CoinGecko had settled the day, has a point in its last slot or later, and coverage
-- is high enough. All slots of the day are expected.
with

    candles as (select * from {{ ref("daily_candlestick") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    judged as (
        select
            candles.*,
            exists (
                select *
                from extractions
                where
                    extractions.coin_id = candles.coin_id
                    and extractions.vs_currency = candles.vs_currency
                    and extractions.granularity = candles.granularity
                    and extractions.window_from::date <= candles.date
                    and extractions.window_to >= candles.date + time '23:59:59'
                    and extractions.extracted_at - to_minutes({{ var("settling_minutes") }}) >= candles.date + 1
                    and extractions.newest_point_at
                    >= candles.date + interval 1 day - to_seconds({{ slot_seconds("candles.granularity") }})
            ) as is_settled,
        from candles
        where candles.status <> 'open'
    ),

    wrong_candles as (
        select *
        from judged
        where
            (status = 'final') <> (is_settled and coverage >= {{ var("min_coverage") }})
            or expected_points <> {{ slots_per_day("granularity") }}
    )

select *
from wrong_candles
