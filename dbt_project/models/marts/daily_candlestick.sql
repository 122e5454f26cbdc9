with

    series as (select * from {{ ref("int_series_chosen") }}),

    built as (select * from {{ ref("int_candles_built") }}),

    doubts as (
        select coin_id, vs_currency, granularity, date, list(doubt order by doubt) as doubts,
        from {{ ref("int_doubts_raised") }}
        group by all
    ),

    candles as (
        select
            series.coin_id,
            series.vs_currency,
            series.date,
            built.open,
            built.high,
            built.low,
            built.close,
            built.volume_24h,
            built.market_cap,
            series.points::integer as points,
            series.expected_points::integer as expected_points,
            series.coverage::double as coverage,
            series.granularity,
            built.first_point_at,
            built.last_point_at,
            case
                when series.is_open
                then 'open'
                when series.is_settled and series.is_covered and doubts.doubts is null
                then 'final'
                else 'provisional'
            end as status,
            built.is_closed_by_live_point,
            series.last_extracted_at as extracted_at,
            series.source,
            case when series.is_open or doubts.doubts is null then [] else doubts.doubts end as doubts,
        from series
        inner join built using (coin_id, vs_currency, granularity, date)
        left join doubts using (coin_id, vs_currency, granularity, date)
    )

select *
from candles
