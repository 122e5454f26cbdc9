{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_points_of_removed_answers(this) }}",
    )
}}

with

    -- Each answer is read once. As a constant, the number is applied before any JSON is read
    answers as (
        select *
        from {{ source("raw", "ohlc") }}
        {% if is_incremental() %} where load_number > {{ last_number_in(this) }} {% endif %}
    ),

    unpacked as (
        select load_number, archive_file, coin_id, vs_currency, extracted_at, unnest(candles::double[][]) as candle,
        from answers
    ),

    ohlc as (
        select
            load_number,
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
