-- Computes each candle of a day that is over a second time, straight from the raw answers and by other
-- means than the models: ordered lists instead of min_by and max_by, the greatest tuple of a stamp instead of
-- versions. Both agree to the last digit, and no candle is missing. Of the days under test, from the answers whose
-- windows
-- reach them or the days beside them.
{{ config(meta={"failure": "ours"}) }}

with

    -- Without the arrays: DuckDB would copy all of a CTE that is read twice
    windows as (
        select load_number, coin_id, vs_currency, window_from, window_to, extracted_at,
        from {{ source("raw", "market_chart") }}
    ),

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    candles as (
        select * from {{ ref("daily_candlestick") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    days_beside as (select distinct coin_id, vs_currency, date + unnest([-1, 0, 1]) as date, from days_under_test),

    stretches as (
        select coin_id, vs_currency, min(date) as first_day, max(date) as last_day, from days_beside group by all
    ),

    load_numbers as (
        select windows.load_number,
        from windows
        inner join stretches using (coin_id, vs_currency)
        where windows.window_from::date <= last_day and windows.window_to::date >= first_day
    ),

    answers as (select * from {{ source("raw", "market_chart") }} semi join load_numbers using (load_number)),

    arrays as (
        select
            load_number,
            coin_id,
            vs_currency,
            granularity,
            extracted_at,
            epoch_us(extracted_at) - epoch_us(window_to) < 60000000 * {{ var("settling_minutes") }} as reaches_now,
            prices,
            -- Only where the last stamp is on no whole second, the greatest one may be the live point
            case when prices[-1][1] % 1000 <> 0 then list_max(prices)[1]::bigint end as newest_ms,
            market_caps,
            total_volumes,
        from answers
    ),

    stamps as (
        select
            load_number,
            coin_id,
            vs_currency,
            granularity,
            extracted_at,
            reaches_now,
            unnest(prices)[1]::bigint as observed_ms,
            unnest(prices)[2] as price,
            unnest(range(len(prices), 0, -1)) as from_the_end,
            newest_ms,
        from arrays
    ),

    -- An answer may reach far beyond these days
    stamps_beside as (
        select stamps.*, epoch_ms(observed_ms)::date as date,
        from stamps
        semi join
            days_beside
            on stamps.coin_id = days_beside.coin_id
            and stamps.vs_currency = days_beside.vs_currency
            and epoch_ms(stamps.observed_ms)::date = days_beside.date
    ),

    marked as (
        select
            *,
            divide(observed_ms, 1000 * {{ slot_seconds("granularity") }}) as slot,
            reaches_now
            and (
                from_the_end = 1
                or observed_ms is not distinct from newest_ms
                or (from_the_end = 2 and observed_ms % 1000 = 0)
            ) as is_at_the_end,
        from stamps_beside
    ),

    -- The slots that an answer fills, and those beside them: three of them make it sure of the one in the middle
    reached as (
        select
            coin_id,
            vs_currency,
            granularity,
            load_number,
            extracted_at,
            slot as filled_slot,
            slot + unnest([-1, 0, 1]) as slot_reached,
        from marked
        where not is_at_the_end
    ),

    sure_slots as (
        select coin_id, vs_currency, granularity, slot_reached as slot, extracted_at,
        from reached
        group by coin_id, vs_currency, granularity, load_number, extracted_at, slot_reached
        having count(distinct filled_slot) = 3
    ),

    withdrawals as (
        select coin_id, vs_currency, granularity, slot, max(extracted_at) as withdrawn_at, from sure_slots group by all
    ),

    -- Of each stamp the answer that was extracted last, and there the last of its positions
    winners as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            slot,
            max(
                {'extracted_at':extracted_at, 'load_number':load_number, 'position': - from_the_end, 'price':price}
            ) as winner,
        from marked
        semi join days_under_test using (coin_id, vs_currency, date)
        group by all
        having not bool_and(is_at_the_end)
    ),

    companions as (
        select
            load_number,
            'market_cap' as figure,
            unnest(market_caps) as pair,
            generate_subscripts(market_caps, 1) as position,
        from arrays
        union all
        select load_number, 'volume_24h', unnest(total_volumes), generate_subscripts(total_volumes, 1),
        from arrays
    ),

    figures as (
        select
            load_number, figure, pair[1]::bigint as observed_ms, max({'position':position, 'value':pair[2]}) as latest,
        from companions
        where pair[2] <> 0 or (pair[2] = 0 and figure = 'volume_24h')
        group by all
    ),

    points as (
        select
            winners.coin_id,
            winners.vs_currency,
            winners.granularity,
            winners.observed_ms,
            (timestamp '1970-01-01' + to_milliseconds(winners.observed_ms)) as observed_at,
            winners.winner.price as price,
            market_caps.latest.value as market_cap,
            volumes.latest.value as volume_24h,
        from winners
        left join withdrawals using (coin_id, vs_currency, granularity, slot)
        left join
            figures as market_caps
            on winners.winner.load_number = market_caps.load_number
            and winners.observed_ms = market_caps.observed_ms
            and market_caps.figure = 'market_cap'
        left join
            figures as volumes
            on winners.winner.load_number = volumes.load_number
            and winners.observed_ms = volumes.observed_ms
            and volumes.figure = 'volume_24h'
        where withdrawals.withdrawn_at is null or withdrawals.withdrawn_at <= winners.winner.extracted_at
    ),

    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_at::date as date,
            list(price order by observed_ms) as prices,
            list(market_cap order by observed_ms) filter (market_cap is not null) as market_caps,
            list(volume_24h order by observed_ms) filter (volume_24h is not null) as volumes,
            list(observed_at order by observed_ms) as instants,
            list(floor(observed_ms / 1000 / {{ slot_seconds("granularity") }})) as slots,
        from points
        where observed_at::date < (select max(extracted_at)::date from windows)
        group by all
    ),

    recomputed as (
        select
            coin_id,
            vs_currency,
            date,
            granularity,
            prices[1] as open,
            list_sort(prices)[-1] as high,
            list_sort(prices)[1] as low,
            prices[-1] as close,
            volumes[-1] as volume_24h,
            market_caps[-1] as market_cap,
            len(prices) as points,
            list_unique(slots) / {{ slots_per_day("granularity") }} as coverage,
            instants[1] as first_point_at,
            instants[-1] as last_point_at,
        from days
    ),

    settled_candles as (
        select
            coin_id,
            vs_currency,
            date,
            granularity,
            open,
            high,
            low,
            close,
            volume_24h,
            market_cap,
            points,
            coverage,
            first_point_at,
            last_point_at,
        from candles
        where status <> 'open'
    ),

    wrong_candles as (
        select *
        from settled_candles
        except
        select *
        from recomputed
    ),

    days_asked_for as (
        select distinct
            coin_id, vs_currency, unnest(range(window_from::date, window_to::date + 1, interval 1 day))::date as date,
        from answers
    ),

    missing_candles as (
        select *
        from recomputed
        semi join days_asked_for using (coin_id, vs_currency, date)
        anti join settled_candles using (coin_id, vs_currency, date)
    ),

    differences as (
        select 'daily_candlestick' as only_in, *,
        from wrong_candles
        union all by name
        select 'the recomputation' as only_in, *,
        from missing_candles
    )

select *
from differences
