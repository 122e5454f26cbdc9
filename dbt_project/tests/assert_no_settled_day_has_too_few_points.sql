-- Lists each slot without a point of the days that CoinGecko has settled and that are covered too little
-- for a final candle. In the 5-minute series, some of them are single empty slots, which are not gaps.
{{ config(severity="warn", meta={"failure": "doubt"}) }}

with

    series as (select * from {{ ref("int_series_chosen") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    slots as (
        select
            coin_id, vs_currency, granularity, date, coverage, {{ slots_of_day("granularity", "date") }} as slot_from,
        from series
        where is_settled and not is_covered
    ),

    slots_seen as (
        select distinct
            coin_id,
            vs_currency,
            granularity,
            time_bucket(to_seconds({{ slot_seconds("granularity") }}), observed_at) as slot_from,
        from settled_prices
        semi join slots using (coin_id, vs_currency, granularity, date)
    ),

    missing_slots as (select * from slots anti join slots_seen using (coin_id, vs_currency, granularity, slot_from))

select *
from missing_slots
order by coin_id, vs_currency, slot_from
