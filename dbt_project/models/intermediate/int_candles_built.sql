with

    extracted_days as (select * from {{ ref("int_days_extracted") }}),

    days as (select * from {{ ref("int_days_settled") }}),

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
            extracted_days
            on observations.coin_id = extracted_days.coin_id
            and observations.vs_currency = extracted_days.vs_currency
            and observations.granularity = extracted_days.granularity
            and observations.date = extracted_days.date
            and observations.last_extracted_at = extracted_days.last_extracted_at
        where observations.is_live and observations.is_latest and extracted_days.is_open
    ),

    later as (
        select live_prices.*,
        from live_prices
        left join days using (coin_id, vs_currency, granularity, date)
        where days.last_point_at is null or live_prices.observed_at > days.last_point_at
    ),

    live as (select coin_id, vs_currency, granularity, date, {{ candle_of_points() }} from later group by all),

    candles as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            coalesce(days.open, live.open) as open,
            greatest(days.high, live.high) as high,
            least(days.low, live.low) as low,
            coalesce(live.close, days.close) as close,
            coalesce(live.volume_24h, days.volume_24h) as volume_24h,
            coalesce(live.market_cap, days.market_cap) as market_cap,
            coalesce(days.first_point_at, live.first_point_at) as first_point_at,
            coalesce(live.last_point_at, days.last_point_at) as last_point_at,
            live.close is not null as is_closed_by_live_point,
        from days
        full join live using (coin_id, vs_currency, granularity, date)
    )

select *
from candles
