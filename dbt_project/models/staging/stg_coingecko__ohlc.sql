{{ config(materialized="table") }}

with

    answers as (select * from {{ source("raw", "ohlc") }}),

    unpacked as (
        select archive_file, coin_id, vs_currency, extracted_at, unnest(candles::double[][]) as candle, from answers
    ),

    ohlc as (
        select
            archive_file,
            coin_id,
            vs_currency,
            extracted_at,
            epoch_ms(candle[1]::bigint) as closed_at,
            candle[2] as open,
            candle[3] as high,
            candle[4] as low,
            candle[5] as close,
        from unpacked
    )

select *
from ohlc
