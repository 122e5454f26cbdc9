{{ config(materialized="table") }}

with

    -- Each series of a day, also one that is not chosen, which may be chosen later
    series as (select coin_id, vs_currency, granularity, date, from {{ ref("int_days_extracted") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    touched_days as (select * from {{ ref("stg_pipeline__touched_days") }}),

    removed_answers as (select * from {{ ref("stg_pipeline__removed_answers") }}),

    published_version as (select * from {{ ref("stg_published__versions") }}),

    failed_runs as (select * from {{ ref("stg_pipeline__failed_runs") }}),

    wanted_pairs as (select * from {{ ref("stg_pipeline__wanted_pairs") }}),

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

    -- The last day that was known before
    last_days as (
        select coin_id, vs_currency, max(date) as last_day,
        from
            (
                select distinct coin_id, vs_currency, date,
                from series
                anti join touched_days using (coin_id, vs_currency, date)
            )
        group by all
    ),

    -- The days of which the answer may have changed since the last build: the touched ones and those beside them, what
    -- was not due then, what a failed run was to request, and all days of a coin of which an answer was taken away
    days_to_look_at as (
        select coin_id, vs_currency, date + unnest([-1, 0, 1]) as date,
        from touched_days
        {% if has_earlier_rows(this) %}
            union
            select coin_id, vs_currency, slot_from::date as date,
            from {{ this }}
            where seen_at is null
            union
            select coin_id, vs_currency, date,
            from series
            inner join last_days using (coin_id, vs_currency)
            where date >= last_day
            union
            select failed_runs.coin_id, failed_runs.vs_currency, series.date,
            from failed_runs
            cross join published_version
            inner join series using (coin_id, vs_currency)
            where
                failed_at >= coalesce(published_version.as_of, failed_at)
                and series.date between window_from::date - 1 and failed_at::date + 1
            union
            select coin_id, vs_currency, date,
            from series
            semi join removed_answers using (coin_id, vs_currency)
        {% endif %}
    ),

    days_looked_at as (
        select *,
        from series
        {% if has_earlier_rows(this) %} semi join days_to_look_at using (coin_id, vs_currency, date) {% endif %}
    ),

    slots as (
        select coin_id, vs_currency, granularity, date, {{ slots_of_day("granularity", "date") }} as slot_from,
        from days_looked_at
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
        semi join days_looked_at using (coin_id, vs_currency, granularity, date)
    ),

    observed_slots as (
        select
            coin_id,
            vs_currency,
            granularity,
            time_bucket(to_seconds({{ slot_seconds("granularity") }}), observed_at) as slot_from,
            min(first_extracted_at) as filled_at,
        from observations
        semi join days_looked_at using (coin_id, vs_currency, granularity, date)
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

    looked_at as (
        select
            empty.coin_id,
            empty.vs_currency,
            empty.granularity,
            empty.slot_from,
            empty.slot_to,
            empty.is_wanted,
            first_requested.requested_at,
            empty.seen_at,
            empty.filled_at,
        from empty
        left join first_requested using (coin_id, vs_currency, granularity, slot_from)
    ),

    slots_empty as (
        select *,
        from looked_at
        {% if has_earlier_rows(this) %}
            union all
            select earlier.*,
            from {{ this }} as earlier
            semi join
                series
                on earlier.coin_id = series.coin_id
                and earlier.vs_currency = series.vs_currency
                and earlier.granularity = series.granularity
                and earlier.slot_from::date = series.date
            anti join
                days_to_look_at
                on earlier.coin_id = days_to_look_at.coin_id
                and earlier.vs_currency = days_to_look_at.vs_currency
                and earlier.slot_from::date = days_to_look_at.date
        {% endif %}
    )

select *
from slots_empty
