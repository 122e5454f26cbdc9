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

    doubts as (
        select *
        from without_edges
        union all
        select *
        from contradicted
    )

select *
from doubts
