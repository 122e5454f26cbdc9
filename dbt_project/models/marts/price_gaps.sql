with

    slots_missed as (select * from {{ ref("int_slots_missed") }}),

    days_missed as (select * from {{ ref("int_days_missed") }}),

    failed_runs as (select * from {{ ref("stg_pipeline__failed_runs") }}),

    reviewed_gaps as (select * from {{ ref("reviewed_gaps") }}),

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
    explained as (
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
        from explained
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
                else 'open'
            end as state,
            gaps.found_at,
            gaps.closed_at,
            reviewed.note,
        from gaps
        left join reviewed using (coin_id, vs_currency, granularity, gap_from)
    )

select *
from price_gaps
order by coin_id, vs_currency, gap_from, granularity
