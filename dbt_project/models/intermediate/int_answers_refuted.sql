with

    -- Prices that do not count any more
    replaceable as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("int_prices_observed") }}
        where not is_live and (withdrawn_at is not null or not is_latest)
    ),

    confirmed as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("int_prices_confirmed") }}
        where is_confirmed
    ),

    opinions as (select * from {{ ref("int_opinions_compared") }} where is_hourly_confirmed),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    -- Each beside what counts instead: another price of the stamp, or the other points of a slot from which it was
    -- withdrawn
    replaced as (
        select old.*, new.first_given_at,
        from replaceable as old
        inner join confirmed as new using (coin_id, vs_currency, granularity, date, slot)
        where
            old.withdrawn_at is not null
            or (not old.is_latest and old.observed_ms = new.observed_ms and old.price <> new.price)
    ),

    -- What counts instead was known before as well, or CoinGecko's own candles say the same
    refuted as (
        select distinct
            replaced.coin_id,
            replaced.vs_currency,
            replaced.granularity,
            replaced.date,
            replaced.observed_at,
            replaced.observed_ms,
            replaced.price,
            replaced.load_number,
        from replaced
        left join opinions using (coin_id, vs_currency, date)
        where
            replaced.first_given_at < replaced.first_extracted_at
            or (replaced.granularity = 'hourly' and opinions.date is not null)
    ),

    counted as (select *, count(*) over (partition by load_number, granularity) as refuted_points, from refuted),

    answers_refuted as (
        select counted.*, extractions.points,
        from counted
        inner join extractions using (load_number)
        where
            counted.refuted_points > {{ var("mass_points") }}
            and counted.refuted_points > {{ var("refuted_share") }} * extractions.points
    )

select *
from answers_refuted
