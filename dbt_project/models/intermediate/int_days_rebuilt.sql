{{ config(materialized="table") }}

with

    removed_answers as (select * from {{ ref("stg_pipeline__removed_answers") }}),

    -- The days of the answers that are new since the last build, and all of a coin of which an answer was taken away.
    -- The last candle of a day closes at 00:00 of the next one
    days_to_look_at as (
        select distinct coin_id, vs_currency, (closed_at - interval 1 millisecond)::date as date,
        from {{ ref("stg_coingecko__ohlc") }}
        {% if has_earlier_rows(this) %}
            where
                load_number > {{ last_number_in(this) }}
                or (coin_id, vs_currency) in (select (coin_id, vs_currency), from removed_answers)
        {% endif %}
    ),

    looked_at as (
        select *
        from
            (
                select *, (closed_at - interval 1 millisecond)::date as date, from {{ ref("stg_coingecko__ohlc") }}
            ) as ohlc
        semi join days_to_look_at using (coin_id, vs_currency, date)
    ),

    -- A candle that was still open, or was revised, is replaced by the newest answer's
    newest as (
        select
            coin_id,
            vs_currency,
            date,
            closed_at,
            arg_max(looked_at, (extracted_at, archive_file)) as candle,
            max(load_number) as load_number,
        from looked_at
        group by all
    ),

    rebuilt as (
        select
            coin_id,
            vs_currency,
            date,
            count(*)::integer as candles,
            arg_min(candle.open, closed_at) as open,
            max(candle.high) as high,
            min(candle.low) as low,
            arg_max(candle.close, closed_at) as close,
            max(candle.extracted_at) as extracted_at,
            max(load_number) as load_number,
        from newest
        group by all
    ),

    days_rebuilt as (
        select *
        from rebuilt
        {% if has_earlier_rows(this) %}
            union all
            select *
            from {{ this }}
            anti join days_to_look_at using (coin_id, vs_currency, date)
            anti join removed_answers using (coin_id, vs_currency)
        {% endif %}
    )

select *
from days_rebuilt
