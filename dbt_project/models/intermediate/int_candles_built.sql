with

    extracted_days as (select * from {{ ref("int_days_extracted") }}),

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
            extracted_days
            on observations.coin_id = extracted_days.coin_id
            and observations.vs_currency = extracted_days.vs_currency
            and observations.granularity = extracted_days.granularity
            and observations.date = extracted_days.date
            and observations.last_extracted_at = extracted_days.last_extracted_at
        where observations.is_live and observations.is_latest and extracted_days.is_open
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

    candles as (
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
    )

select *
from candles
