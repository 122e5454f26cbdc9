{{ config(materialized="table") }}

with

    series as (select * from {{ ref("int_series_chosen") }}),

    slots_empty as (select *, slot_from::date as date, from {{ ref("int_slots_empty") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    candles_of_coingecko as (select * from {{ ref("stg_coingecko__ohlc") }}),

    empty as (select * from slots_empty semi join series using (coin_id, vs_currency, granularity, date)),

    -- Since when the coin has had a price, in any series, answer or currency, or in CoinGecko's own candles
    priced as (
        select coin_id, min(priced_at) as priced_at,
        from
            (
                select coin_id, observed_at as priced_at,
                from observations
                union all
                select coin_id, closed_at as priced_at,
                from candles_of_coingecko
            )
        group by all
    ),

    missed as (
        select
            empty.coin_id,
            empty.vs_currency,
            empty.granularity,
            empty.slot_from,
            empty.slot_to,
            case
                when empty.requested_at is not null and empty.slot_to <= priced.priced_at
                then 'not_listed'
                when empty.requested_at is not null
                then 'coingecko_silent'
                when empty.seen_at is not null
                then 'not_run'
                when not empty.is_wanted
                then 'removed'
                else 'not_settled'
            end as cause,
            coalesce(empty.requested_at, empty.seen_at) as found_at,
            empty.filled_at as closed_at,
        from empty
        left join priced using (coin_id)
    ),

    -- The steps of the 5-minute series go up to 9 minutes in recorded answers, and sometimes step over a slot: one
    -- empty slot between two that are filled is not a hole
    stepped as (
        select
            *,
            slot_from = lag(slot_to) over series as is_after_one,
            slot_to = lead(slot_from) over series as is_before_one,
        from missed
        window series as (partition by coin_id, vs_currency, granularity order by slot_from)
    ),

    holes as (
        select * exclude (is_after_one, is_before_one),
        from stepped
        where granularity = 'hourly' or coalesce(is_after_one, false) or coalesce(is_before_one, false)
    )

select *
from holes
