{{ config(materialized="table") }}

with

    series as (select * from {{ ref("int_series_chosen") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    failed_runs as (select * from {{ ref("stg_pipeline__failed_runs") }}),

    wanted_pairs as (select * from {{ ref("stg_pipeline__wanted_pairs") }}),

    candles_of_coingecko as (select * from {{ ref("stg_coingecko__ohlc") }}),

    now_known as (select max(extracted_at) as as_of, from extractions),

    -- The answers that tell of a coin's slots: its own, and those of other coins on a day on which it failed
    answers as (
        select coin_id, vs_currency, granularity, window_to, extracted_at,
        from extractions
        union
        select
            failed_runs.coin_id,
            failed_runs.vs_currency,
            extractions.granularity,
            extractions.window_to,
            extractions.extracted_at,
        from failed_runs
        inner join extractions using (run_date)
    ),

    -- Up to where each answer and those before it make a slot due: no further than the windows, and not too early
    reached as (
        select
            coin_id,
            vs_currency,
            granularity,
            extracted_at,
            max(window_to + interval 1 second) over series as requested_to,
            max(
                least(window_to + interval 1 second, extracted_at - interval {{ var("settling_minutes") }} minute)
            ) over series as due_to,
        from answers
        window series as (partition by coin_id, vs_currency, granularity order by extracted_at)
    ),

    due_from as (
        select coin_id, vs_currency, granularity, due_to, min(extracted_at) as due_seen_at, from reached group by all
    ),

    requested as (
        select coin_id, vs_currency, granularity, max(requested_to) as requested_to, from reached group by all
    ),

    slots as (
        select coin_id, vs_currency, granularity, date, {{ slots_of_day("granularity", "date") }} as slot_from,
        from series
    ),

    -- What no answer was requested for is no hole, unless nobody requests the coin any more
    over as (
        select
            slots.*,
            slot_from + to_seconds({{ slot_seconds("granularity") }}) as slot_to,
            slot_from
            + to_seconds({{ slot_seconds("granularity") }})
            + interval {{ var("settling_minutes") }} minute as due_at,
            wanted_pairs.coin_id is not null as is_wanted,
        from slots
        inner join requested using (coin_id, vs_currency, granularity)
        left join wanted_pairs using (coin_id, vs_currency)
        cross join now_known
        where
            slot_from + to_seconds({{ slot_seconds("granularity") }})
            <= if(wanted_pairs.coin_id is null, now_known.as_of, requested.requested_to)
    ),

    filled_slots as (
        select distinct
            coin_id,
            vs_currency,
            granularity,
            time_bucket(to_seconds({{ slot_seconds("granularity") }}), observed_at) as slot_from,
        from settled_prices
    ),

    observed_slots as (
        select
            coin_id,
            vs_currency,
            granularity,
            time_bucket(to_seconds({{ slot_seconds("granularity") }}), observed_at) as slot_from,
            min(first_extracted_at) as filled_at,
        from observations
        where not is_live
        group by all
    ),

    -- When a point of the slot was first known, be it withdrawn for another one; a point that is only live is none
    filled as (
        select observed_slots.*,
        from observed_slots
        semi join filled_slots using (coin_id, vs_currency, granularity, slot_from)
    ),

    late_or_never as (
        select over.*, filled.filled_at,
        from over
        left join filled using (coin_id, vs_currency, granularity, slot_from)
        where filled.filled_at is null or filled.filled_at > over.due_at
    ),

    days as (
        select
            coin_id,
            vs_currency,
            granularity,
            window_from,
            window_to,
            extracted_at,
            unnest(generate_series(window_from::date, window_to::date, interval 1 day))::date as date,
        from extractions
    ),

    -- A day that no answer had touched was missed as a day, not by its slots
    touched as (
        select coin_id, vs_currency, granularity, date, min(extracted_at) as touched_at, from days group by all
    ),

    -- Slots and answers on one line of time: a join on an inequality would compare each with each
    on_one_line as (
        select coin_id, vs_currency, granularity, slot_from, slot_to, null as due_seen_at,
        from late_or_never
        union all
        select coin_id, vs_currency, granularity, null as slot_from, due_to as slot_to, due_seen_at,
        from due_from
    ),

    -- The first answer that makes the slot due; null as long as there is none
    due as (
        select
            coin_id,
            vs_currency,
            granularity,
            slot_from,
            min(due_seen_at) over (partition by coin_id, vs_currency, granularity order by slot_to desc) as due_seen_at,
        from on_one_line
    ),

    -- From when on readers have found the slot empty; null as long as it is not due in any answer
    seen as (
        select late_or_never.*, if(due_seen_at is null, null, greatest(due_seen_at, touched.touched_at)) as seen_at,
        from late_or_never
        inner join touched using (coin_id, vs_currency, granularity, date)
        inner join due using (coin_id, vs_currency, granularity, slot_from)
    ),

    empty as (select *, from seen where filled_at is null or filled_at > seen_at),

    -- The first answer that should have had a point of the slot; by day, as each slot with each answer would be too
    -- many
    first_requested as (
        select
            empty.coin_id,
            empty.vs_currency,
            empty.granularity,
            empty.slot_from,
            min(days.extracted_at) as requested_at,
        from empty
        inner join
            days
            on empty.coin_id = days.coin_id
            and empty.vs_currency = days.vs_currency
            and empty.granularity = days.granularity
            and empty.date = days.date
            and empty.slot_from >= days.window_from
            and empty.slot_to <= days.window_to + interval 1 second
            and empty.due_at <= days.extracted_at
        where empty.filled_at is null or empty.filled_at > days.extracted_at
        group by all
    ),

    -- Since when the coin has had a price, in any series, answer or currency, or in CoinGecko's own candles
    priced as (
        select coin_id, min(priced_at) as priced_at,
        from
            (
                select coin_id, observed_at as priced_at,
                from observations
                union all
                select coin_id, closed_at as priced_at,
                from candles_of_coingecko
            )
        group by all
    ),

    missed as (
        select
            empty.coin_id,
            empty.vs_currency,
            empty.granularity,
            empty.slot_from,
            empty.slot_to,
            case
                when first_requested.requested_at is not null and empty.slot_to <= priced.priced_at
                then 'not_listed'
                when first_requested.requested_at is not null
                then 'coingecko_silent'
                when empty.seen_at is not null
                then 'not_run'
                when not empty.is_wanted
                then 'removed'
                else 'not_settled'
            end as cause,
            coalesce(first_requested.requested_at, empty.seen_at) as found_at,
            empty.filled_at as closed_at,
        from empty
        left join priced using (coin_id)
        left join first_requested using (coin_id, vs_currency, granularity, slot_from)
    ),

    -- The steps of the 5-minute series go up to 9 minutes in recorded answers, and sometimes step over a slot: one
    -- empty slot between two that are filled is not a hole
    stepped as (
        select
            *,
            slot_from = lag(slot_to) over series as is_after_one,
            slot_to = lead(slot_from) over series as is_before_one,
        from missed
        window series as (partition by coin_id, vs_currency, granularity order by slot_from)
    ),

    holes as (
        select * exclude (is_after_one, is_before_one),
        from stepped
        where granularity = 'hourly' or coalesce(is_after_one, false) or coalesce(is_before_one, false)
    )

select *
from holes
