with

    answers as (select * from {{ source("raw", "market_chart") }}),

    prices as (
        select
            load_number,
            coin_id,
            vs_currency,
            granularity,
            window_to,
            extracted_at,
            unnest(json_transform_strict(prices, '[["DOUBLE"]]')) as pair,
            generate_subscripts(
                json_transform_strict(prices, '[["DOUBLE"]]'), 1
            ) as position,
            json_array_length(prices) as positions,
        from answers
    ),

    market_caps as (
        select load_number, unnest(json_transform_strict(market_caps, '[["DOUBLE"]]')) as pair,
        from answers
    ),

    -- CoinGecko writes an unknown market cap as null or 0
    market_cap_by_stamp as (
        select load_number, pair[1]::bigint as observed_ms, nullif(max(pair[2]), 0) as market_cap,
        from market_caps
        group by all
    ),

    total_volumes as (
        select load_number, unnest(json_transform_strict(total_volumes, '[["DOUBLE"]]')) as pair,
        from answers
    ),

    volume_by_stamp as (
        select load_number, pair[1]::bigint as observed_ms, max(pair[2]) as volume_24h,
        from total_volumes
        group by all
    ),

    points as (
        select
            prices.load_number,
            prices.coin_id,
            prices.vs_currency,
            prices.granularity,
            prices.window_to,
            prices.extracted_at,
            prices.position,
            prices.pair[1]::bigint as observed_ms,
            epoch_ms(prices.pair[1]::bigint) as observed_at,
            epoch_ms(prices.pair[1]::bigint)::date as date,
            -- CoinGecko appends one point for "now": the last one, stamped on a whole second
            prices.position = prices.positions
            and prices.pair[1]::bigint % 1000 = 0 as is_live,
            prices.pair[2] as price,
            market_cap_by_stamp.market_cap,
            volume_by_stamp.volume_24h,
        from prices
        left join
            market_cap_by_stamp
            on prices.load_number = market_cap_by_stamp.load_number
            and prices.pair[1]::bigint = market_cap_by_stamp.observed_ms
        left join
            volume_by_stamp
            on prices.load_number = volume_by_stamp.load_number
            and prices.pair[1]::bigint = volume_by_stamp.observed_ms
    )

select *
from points
