{%- set fields = [
    "open",
    "high",
    "low",
    "close",
    "volume_24h",
    "market_cap",
    "points",
    "coverage",
    "granularity",
    "status",
    "doubts",
] -%}
{%- set same = fields | reject("in", ["status", "doubts"]) | list -%}

with

    candles as (select * from {{ ref("daily_candlestick") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    published_version as (select * from {{ ref("stg_published__versions") }}),

    recorded as (select * from {{ ref("stg_published__revisions") }}),

    this_run as (select distinct run_date, as_of, models, build, from {{ ref("stg_pipeline__this_run") }}),

    revised_points as (select * from {{ ref("int_prices_revised") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    unproved_days as (select * from {{ ref("stg_pipeline__unproved_days") }}),

    decided_days as (select * from {{ ref("stg_pipeline__decided_days") }}),

    revised_days as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_at::date as date,
            max(revised_at) filter (not is_withdrawn) as revised_at,
            max(revised_at) filter (is_withdrawn) as withdrawn_at,
        from revised_points
        group by all
    ),

    -- What the ledger of exceptions has decided about a day since the last version
    decisions as (
        select
            coin_id,
            vs_currency,
            date,
            case
                when max_by(action, number) = 'released'
                then 'answer_released'
                when max_by(check_name, number) = 'assert_no_answer_is_refuted'
                then 'contradiction_decided'
                else 'answer_quarantined'
            end as decision,
        from decided_days
        cross join published_version
        where number > published_version.decisions
        group by all
    ),

    -- A candle that readers have of a day that was over, or that is gone, beside what it is now
    pairs as (
        select
            old.coin_id,
            old.vs_currency,
            old.date,
            old.granularity,
            {% for field in fields %}
                old.{{ field }} as old_{{ field }}, new.{{ field }} as new_{{ field }},
            {% endfor %}
            case
                when decisions.decision is not null
                then decisions.decision
                when new.coin_id is null and old.status = 'open'
                then 'live_point_alone'
                when new.coin_id is null
                then if(revised_days.withdrawn_at is null, 'points_lost', 'points_withdrawn')
                when new.granularity <> old.granularity
                then 'series_changed'
                when
                    old.doubts <> new.doubts
                    and this_run.models is not distinct from published_version.models
                    and (old.{{ same | join(", old.") }}) is not distinct from (new.{{ same | join(", new.") }})
                then if(list_has_all(old.doubts, new.doubts), 'doubt_lifted', 'doubt_raised')
                when unproved_days.coin_id is not null
                then 'not_reproduced'
                when revised_days.revised_at > published_version.as_of
                then 'points_revised'
                when revised_days.withdrawn_at > published_version.as_of
                then 'points_withdrawn'
                when new.points > old.points
                then 'points_added'
                when new.points < old.points
                then 'points_lost'
                when this_run.models is distinct from published_version.models
                then 'models_changed'
                when old.status = 'provisional' and new.status = 'final' and new.extracted_at > old.extracted_at
                then 'day_settled'
                when old.status <> new.status and (old.close, old.coverage) = (new.close, new.coverage)
                then 'settings_changed'
                else 'unknown'
            end as reason,
            this_run.as_of as revised_at,
            this_run.run_date,
            this_run.build,
            old.source,
        from published_candles as old
        left join
            candles as new on old.coin_id = new.coin_id and old.vs_currency = new.vs_currency and old.date = new.date
        left join
            revised_days
            on old.coin_id = revised_days.coin_id
            and old.vs_currency = revised_days.vs_currency
            and old.granularity = revised_days.granularity
            and old.date = revised_days.date
        left join
            unproved_days
            on old.coin_id = unproved_days.coin_id
            and old.vs_currency = unproved_days.vs_currency
            and old.date = unproved_days.date
        left join
            decisions
            on old.coin_id = decisions.coin_id
            and old.vs_currency = decisions.vs_currency
            and old.date = decisions.date
        cross join published_version
        cross join this_run
        where old.status <> 'open' or new.coin_id is null
    ),

    candle_changes as (
        {% for field in fields %}
            select
                coin_id,
                vs_currency,
                date,
                granularity,
                '{{ field }}' as field,
                old_{{ field }}::varchar as old_value,
                new_{{ field }}::varchar as new_value,
                reason,
                revised_at,
                run_date,
                build,
                source,
            from pairs
            where old_{{ field }} is distinct from new_{{ field }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    point_changes as (
        {% for field in ["price", "market_cap", "volume_24h"] %}
            select
                coin_id,
                vs_currency,
                observed_at,
                granularity,
                '{{ field }}' as field,
                old_{{ field }}::varchar as old_value,
                new_{{ field }}::varchar as new_value,
                if(is_withdrawn, 'coingecko_withdrew', 'coingecko_revised') as reason,
                revised_at,
            from revised_points
            where old_{{ field }} is distinct from new_{{ field }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    brought_by as (
        select
            coin_id,
            vs_currency,
            granularity,
            extracted_at as revised_at,
            max(archive_file) as archive_file,
            max(run_date) as run_date,
            max(source) as source,
        from extractions
        group by all
    ),

    candle_revisions as (
        select
            coin_id,
            vs_currency,
            date,
            'candle' as subject,
            null::timestamp as observed_at,
            granularity,
            field,
            old_value,
            new_value,
            reason,
            revised_at,
            run_date,
            build,
            null::varchar as archive_file,
            source,
        from candle_changes
        union all
        select *
        from recorded
        union all
        select
            coin_id,
            vs_currency,
            observed_at::date as date,
            'point' as subject,
            observed_at,
            granularity,
            field,
            old_value,
            new_value,
            reason,
            revised_at,
            run_date,
            null::varchar as build,
            archive_file,
            source,
        from point_changes
        inner join brought_by using (coin_id, vs_currency, granularity, revised_at)
    )

select *
from candle_revisions
