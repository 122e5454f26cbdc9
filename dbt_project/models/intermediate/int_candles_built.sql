with

    extracted_days as (select * from {{ ref("int_days_extracted") }}),

    settled as (select * from {{ ref("int_candles_settled") }}),

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
            observations.volume_24h
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
        select live_prices.*
        from live_prices
        left join settled using (coin_id, vs_currency, granularity, date)
        where settled.last_point_at is null or live_prices.observed_at > settled.last_point_at
    ),

    live as (select coin_id, vs_currency, granularity, date, {{ candle_of_points() }} from later group by all),

    candles as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            coalesce(settled.open, live.open) as open,
            greatest(settled.high, live.high) as high,
            least(settled.low, live.low) as low,
            coalesce(live.close, settled.close) as close,
            coalesce(live.volume_24h, settled.volume_24h) as volume_24h,
            coalesce(live.market_cap, settled.market_cap) as market_cap,
            coalesce(settled.first_point_at, live.first_point_at) as first_point_at,
            coalesce(live.last_point_at, settled.last_point_at) as last_point_at,
            live.close is not null as is_closed_by_live_point
        from settled
        full join live using (coin_id, vs_currency, granularity, date)
    )

select *
from candles
