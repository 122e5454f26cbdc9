with

    series as (select * from {{ ref("int_series_chosen") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    -- The newest live point may close the open candle, unless the series has a later point
    live_prices as (
        select
            observations.coin_id,
            observations.vs_currency,
            observations.granularity,
            observations.date,
            observations.observed_ms,
            observations.observed_at,
            observations.price,
            observations.market_cap,
            observations.volume_24h,
        from observations
        inner join
            series
            on observations.coin_id = series.coin_id
            and observations.vs_currency = series.vs_currency
            and observations.granularity = series.granularity
            and observations.date = series.date
            and observations.last_extracted_at = series.last_extracted_at
        where observations.is_live and observations.is_latest and series.is_open
    ),

    last_settled as (
        select coin_id, vs_currency, granularity, date, max(observed_ms) as observed_ms,
        from settled_prices
        group by all
    ),

    closing_live_prices as (
        select live_prices.*,
        from live_prices
        left join last_settled using (coin_id, vs_currency, granularity, date)
        where last_settled.observed_ms is null or live_prices.observed_ms > last_settled.observed_ms
    ),

    prices as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            observed_ms,
            observed_at,
            price,
            market_cap,
            volume_24h,
            false as is_live,
        from settled_prices
        union all by name
        select *, true as is_live,
        from closing_live_prices
    ),

    aggregated as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            min_by(price, observed_ms) as open,
            max(price) as high,
            min(price) as low,
            max_by(price, observed_ms) as close,
            max_by(volume_24h, observed_ms) as volume_24h,
            max_by(market_cap, observed_ms) as market_cap,
            min(observed_at) as first_point_at,
            max(observed_at) as last_point_at,
            bool_or(is_live) as is_closed_by_live_point,
        from prices
        group by all
    ),

    candles as (
        select
            series.coin_id,
            series.vs_currency,
            series.date,
            aggregated.open,
            aggregated.high,
            aggregated.low,
            aggregated.close,
            aggregated.volume_24h,
            aggregated.market_cap,
            series.points::integer as points,
            series.expected_points::integer as expected_points,
            series.coverage::double as coverage,
            series.granularity,
            aggregated.first_point_at,
            aggregated.last_point_at,
            case
                when series.is_open
                then 'open'
                when series.is_settled and series.coverage >= {{ var("min_coverage") }}
                then 'final'
                else 'provisional'
            end as status,
            aggregated.is_closed_by_live_point,
            series.last_extracted_at as extracted_at,
            series.source,
        from series
        inner join aggregated using (coin_id, vs_currency, granularity, date)
    )

select *
from candles
order by coin_id, vs_currency, date
