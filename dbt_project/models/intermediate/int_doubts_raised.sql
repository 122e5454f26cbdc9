with

    series as (select * from {{ ref("int_series_chosen") }}),

    -- Before the day is settled its last slots are not due, and the candle is provisional anyway
    without_edges as (
        select coin_id, vs_currency, date, 'edge' as doubt, from series where is_settled and not has_edges
    ),

    opinions as (select * from {{ ref("int_opinions_compared") }}),

    contradicted as (
        select coin_id, vs_currency, date, 'second_opinion_differs' as doubt, from opinions where contradicts_candle
    ),

    compared as (select * from {{ ref("int_series_compared") }}),

    differing as (
        select distinct coin_id, vs_currency, date, 'series_differ' as doubt,
        from series
        inner join compared using (coin_id, vs_currency, date)
        where series.is_settled and compared.bps > {{ var("two_series_limit_bps") }}
    ),

    jumps as (select * from {{ ref("int_jumps_traced") }}),

    -- What is not confirmed fails a test, and its answer is quarantined
    jumped as (select distinct coin_id, vs_currency, date, 'jump' as doubt, from jumps where is_confirmed),

    shared_prices as (select * from {{ ref("int_prices_shared") }}),

    twins as (select distinct coin_id, vs_currency, date, 'twin' as doubt, from shared_prices where is_confirmed),

    doubts as (
        select *
        from without_edges
        union all
        select *
        from contradicted
        union all
        select *
        from differing
        union all
        select *
        from jumped
        union all
        select *
        from twins
    )

select *
from doubts
