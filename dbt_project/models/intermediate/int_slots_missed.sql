with

    series as (select * from {{ ref("int_series_chosen") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    now_known as (select max(extracted_at) as as_of, from extractions),

    slots as (
        select coin_id, vs_currency, granularity, date, {{ slots_of_day("granularity", "date") }} as slot_from,
        from series
    ),

    due as (
        select
            slots.*,
            slot_from + to_seconds({{ slot_seconds("granularity") }}) as slot_to,
            slot_from
            + to_seconds({{ slot_seconds("granularity") }})
            + interval {{ var("settling_minutes") }} minute as due_at,
            now_known.as_of,
        from slots
        cross join now_known
        where slot_from + to_seconds({{ slot_seconds("granularity") }}) <= now_known.as_of
    ),

    -- When a point of the slot was first known, live or not; a point that is only live does not count
    filled as (
        select
            coin_id,
            vs_currency,
            granularity,
            time_bucket(to_seconds({{ slot_seconds("granularity") }}), observed_at) as slot_from,
            min(first_extracted_at) as filled_at,
        from observations
        semi join settled_prices using (coin_id, vs_currency, granularity, observed_ms)
        group by all
    ),

    late_or_never as (
        select due.*, filled.filled_at,
        from due
        left join filled using (coin_id, vs_currency, granularity, slot_from)
        where filled.filled_at is null or filled.filled_at > due.due_at
    ),

    -- The first answer that should have had a point of the slot
    first_requested as (
        select
            late_or_never.coin_id,
            late_or_never.vs_currency,
            late_or_never.granularity,
            late_or_never.slot_from,
            min(extractions.extracted_at) as requested_at,
        from late_or_never
        inner join
            extractions
            on late_or_never.coin_id = extractions.coin_id
            and late_or_never.vs_currency = extractions.vs_currency
            and late_or_never.granularity = extractions.granularity
            and late_or_never.slot_from >= extractions.window_from
            and late_or_never.slot_to <= extractions.window_to + interval 1 second
            and late_or_never.due_at <= extractions.extracted_at
        group by all
    ),

    missed as (
        select
            late_or_never.coin_id,
            late_or_never.vs_currency,
            late_or_never.granularity,
            late_or_never.slot_from,
            late_or_never.slot_to,
            case
                when first_requested.requested_at is not null
                then 'coingecko_silent'
                when late_or_never.as_of < late_or_never.due_at
                then 'not_settled'
                else 'not_run'
            end as cause,
            first_requested.requested_at as found_at,
            late_or_never.filled_at as closed_at,
        from late_or_never
        left join first_requested using (coin_id, vs_currency, granularity, slot_from)
        where late_or_never.filled_at is null or late_or_never.filled_at > first_requested.requested_at
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
