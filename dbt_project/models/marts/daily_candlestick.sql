with

    series as (select * from {{ ref("int_series_chosen") }}),

    built as (select * from {{ ref("int_candles_built") }}),

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
                when series.is_settled and series.is_covered
                then 'final'
                else 'provisional'
            end as status,
            built.is_closed_by_live_point,
            series.last_extracted_at as extracted_at,
            series.source,
        from series
        inner join built using (coin_id, vs_currency, granularity, date)
    )

select *
from candles
order by coin_id, vs_currency, date
