with

    slots_missed as (select * from {{ ref("int_slots_missed") }}),

    days_missed as (select * from {{ ref("int_days_missed") }}),

    failed_runs as (select * from {{ ref("stg_pipeline__failed_runs") }}),

    reviewed_gaps as (select * from {{ ref("reviewed_gaps") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    candles as (select * from {{ ref("daily_candlestick") }}),

    holes as (
        select coin_id, vs_currency, granularity, slot_from, slot_to, cause, found_at, closed_at,
        from slots_missed
        union all
        select
            coin_id,
            vs_currency,
            'day' as granularity,
            date::timestamp as slot_from,
            date + interval 1 day as slot_to,
            'not_run' as cause,
            found_at,
            closed_at,
        from days_missed
    ),

    -- No request, because the run failed whose window has the hole
    caused as (
        select
            holes.* exclude (cause),
            case
                when
                    holes.cause = 'not_run'
                    and exists (
                        select *
                        from failed_runs
                        where
                            failed_runs.coin_id = holes.coin_id
                            and failed_runs.vs_currency = holes.vs_currency
                            and failed_runs.window_from <= holes.slot_from
                            and failed_runs.failed_at >= holes.slot_to
                    )
                then 'api_failed'
                else holes.cause
            end as cause,
        from holes
    ),

    stepped as (
        select *, lag(slot_to) over neighbours is distinct from slot_from as is_new,
        from caused
        window
            neighbours as (
                partition by coin_id, vs_currency, granularity, cause, found_at, closed_at order by slot_from
            )
    ),

    numbered as (
        select
            *,
            sum(is_new::integer) over (
                partition by coin_id, vs_currency, granularity, cause, found_at, closed_at order by slot_from
            ) as island,
        from stepped
    ),

    gaps as (
        select
            coin_id,
            vs_currency,
            granularity,
            min(slot_from) as gap_from,
            max(slot_to) as gap_to,
            count(*)::integer as slots,
            cause,
            found_at,
            closed_at,
        from numbered
        group by coin_id, vs_currency, granularity, cause, found_at, closed_at, island
    ),

    reviewed as (
        select gaps.coin_id, gaps.vs_currency, gaps.granularity, gaps.gap_from, min(reviewed_gaps.note) as note,
        from gaps
        inner join
            reviewed_gaps
            on gaps.coin_id = reviewed_gaps.coin_id
            and gaps.vs_currency = reviewed_gaps.vs_currency
            and gaps.gap_from >= reviewed_gaps.gap_from
            and gaps.gap_to <= reviewed_gaps.gap_to
        group by all
    ),

    -- The days of each gap. A day that was not requested has no candle that it could touch
    days_of_gaps as (
        select
            * exclude (slots, cause, found_at, closed_at),
            to_seconds({{ slot_seconds("granularity") }}) as slot,
            unnest(generate_series(gap_from::date, (gap_to - interval 1 microsecond)::date, interval 1 day))::date
            as date,
        from gaps
        where granularity <> 'day'
    ),

    -- The prices right before and right after a gap: if one is the day's highest or lowest, the gap may hide a higher
    -- or a lower one
    beside as (
        select
            days_of_gaps.coin_id,
            days_of_gaps.vs_currency,
            days_of_gaps.granularity,
            days_of_gaps.gap_from,
            days_of_gaps.date,
            max(settled_prices.price) as highest,
            min(settled_prices.price) as lowest,
        from days_of_gaps
        inner join
            settled_prices
            on days_of_gaps.coin_id = settled_prices.coin_id
            and days_of_gaps.vs_currency = settled_prices.vs_currency
            and days_of_gaps.granularity = settled_prices.granularity
            and days_of_gaps.date = settled_prices.date
        where
            settled_prices.observed_at >= days_of_gaps.gap_from - days_of_gaps.slot
            and settled_prices.observed_at < days_of_gaps.gap_to + days_of_gaps.slot
            and (
                settled_prices.observed_at < days_of_gaps.gap_from or settled_prices.observed_at >= days_of_gaps.gap_to
            )
        group by all
    ),

    touched as (
        select
            days_of_gaps.coin_id,
            days_of_gaps.vs_currency,
            days_of_gaps.granularity,
            days_of_gaps.gap_from,
            bool_or(days_of_gaps.gap_from <= days_of_gaps.date) as is_at_open,
            bool_or(beside.highest >= candles.high) as is_at_high,
            bool_or(beside.lowest <= candles.low) as is_at_low,
            bool_or(days_of_gaps.gap_to >= days_of_gaps.date + interval 1 day) as is_at_close,
        from days_of_gaps
        left join beside using (coin_id, vs_currency, granularity, gap_from, date)
        left join candles using (coin_id, vs_currency, granularity, date)
        group by all
    ),

    price_gaps as (
        select
            gaps.coin_id,
            gaps.vs_currency,
            gaps.gap_from,
            gaps.gap_to,
            gaps.granularity,
            gaps.slots,
            gaps.cause,
            case
                when gaps.closed_at is not null
                then 'closed'
                when reviewed.coin_id is not null
                then 'reviewed'
                when gaps.cause in ('not_listed', 'removed', 'not_settled')
                then 'explained'
                else 'open'
            end as state,
            gaps.found_at,
            gaps.closed_at,
            reviewed.note,
            list_filter(
                [
                    if(touched.is_at_open, 'open', null),
                    if(touched.is_at_high, 'high', null),
                    if(touched.is_at_low, 'low', null),
                    if(touched.is_at_close, 'close', null),
                ],
                lambda name:name is not null
            ) as touches,
        from gaps
        left join touched using (coin_id, vs_currency, granularity, gap_from)
        left join reviewed using (coin_id, vs_currency, granularity, gap_from)
    ),

    -- Neighbours that were found at different times are one hole to a reader
    weighed as (
        select
            *,
            granularity = 'day'
            or slots >= 2
            or len(touches) > 0
            or coalesce(lag(gap_to) over neighbours = gap_from, false)
            or coalesce(lead(gap_from) over neighbours = gap_to, false) as is_notable,
        from price_gaps
        window neighbours as (partition by coin_id, vs_currency, granularity, state order by gap_from)
    )

select *
from weighed
