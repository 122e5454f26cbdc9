{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_points_of_removed_answers(this) }}",
    )
}}

with

    -- Each answer is read once. As a constant, the number is applied before any array is read
    answers as (
        select *
        from {{ source("raw", "market_chart") }}
        where
            load_number <= {{ last_number_of_slice() }}
            {% if is_incremental() %} and load_number > {{ last_number_in(this) }} {% endif %}
    ),

    charts as (
        select
            load_number,
            coin_id,
            vs_currency,
            granularity,
            window_to,
            extracted_at,
            prices,
            -- Of the greatest pair; here, because beside an unnest it would be computed for each point
            list_max(prices)[1]::bigint as newest_ms,
            prices[-1][1]::bigint as last_ms,
            market_caps,
            total_volumes
        from answers
    ),

    prices as (
        select
            load_number,
            coin_id,
            vs_currency,
            granularity,
            window_to,
            extracted_at,
            unnest(prices) as pair,
            generate_subscripts(prices, 1) as position,
            len(prices) as positions,
            newest_ms,
            last_ms,
        from charts
    ),

    market_caps as (
        select load_number, unnest(market_caps) as pair, generate_subscripts(market_caps, 1) as position, from charts
    ),

    -- CoinGecko writes an unknown market cap as null or 0
    market_cap_by_stamp as (
        select load_number, pair[1]::bigint as observed_ms, max_by(nullif(pair[2], 0), position) as market_cap,
        from market_caps
        group by all
    ),

    total_volumes as (
        select load_number, unnest(total_volumes) as pair, generate_subscripts(total_volumes, 1) as position,
        from charts
    ),

    volume_by_stamp as (
        select load_number, pair[1]::bigint as observed_ms, max_by(pair[2], position) as volume_24h,
        from total_volumes
        group by all
    ),

    points as (
        select
            prices.load_number,
            prices.coin_id,
            prices.vs_currency,
            prices.granularity,
            prices.extracted_at,
            prices.position,
            prices.pair[1]::bigint as observed_ms,
            epoch_ms(prices.pair[1]::bigint) as observed_at,
            epoch_ms(prices.pair[1]::bigint)::date as date,
            -- To an answer up to now CoinGecko appends one point for "now", on a whole second: mostly as the last one,
            -- but it may have changed places with the one before, and be stamped before it.
            -- Only if the last one is on no whole second, the greatest stamp may be it as well.
            -- An answer that can settle its last day has none.
            prices.window_to > prices.extracted_at - interval {{ var("settling_minutes") }} minute
            and (
                prices.position = prices.positions
                or (prices.pair[1]::bigint = prices.newest_ms and prices.last_ms % 1000 != 0)
                or (prices.position = prices.positions - 1 and prices.pair[1]::bigint % 1000 = 0)
            ) as may_be_live,
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
