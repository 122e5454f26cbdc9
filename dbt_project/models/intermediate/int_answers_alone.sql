{{ config(materialized="table") }}

with

    -- Both models are named where they are read: DuckDB would copy all of a CTE that is read twice
    withdrawn_points as (
        select *, {{ slot_of("granularity", "observed_ms") }} as slot,
        from {{ ref("int_prices_observed") }}
        where withdrawn_at is not null
    ),

    counted as (
        select
            coin_id,
            vs_currency,
            granularity,
            load_number,
            sum(points)::bigint as points,
            sum(unconfirmed)::bigint as unconfirmed,
            sum(with_few_digits)::bigint as with_few_digits,
            sum(known)::bigint as known,
            sum(revised)::bigint as revised
        from {{ ref("int_answers_counted") }}
        group by all
    ),

    -- What is usual is what the other answers have
    beside_others as (
        select
            *,
            sum(points) over series - points as points_of_others,
            sum(with_few_digits) over series - with_few_digits as with_few_digits_of_others,
        from counted
        window series as (partition by coin_id, vs_currency, granularity)
    ),

    slots as (
        select coin_id, vs_currency, granularity, slot, max(load_number) as load_number,
        from
            (
                select *, {{ slot_of("granularity", "observed_ms") }} as slot, from {{ ref("int_prices_confirmed") }}
            ) as points
        semi join withdrawn_points using (coin_id, vs_currency, granularity, slot)
        group by all
        having not bool_or(is_confirmed)
    ),

    -- Points that are gone, where nobody else says what is there instead
    taken_away as (
        select coin_id, vs_currency, granularity, slots.load_number, count(*) as withdrawn,
        from withdrawn_points
        inner join slots using (coin_id, vs_currency, granularity, slot)
        group by all
    ),

    touched_days as (select * from {{ ref("stg_pipeline__touched_days") }}),

    -- Nobody has moved an answer since the last build but one that has points of the touched days, or prices that they
    -- have, or was found moved then
    touched_prices as (
        select distinct coin_id, vs_currency, granularity, price,
        from {{ ref("int_prices_confirmed") }}
        semi join touched_days using (coin_id, vs_currency, date)
    ),

    answers_to_look_at as (
        select distinct load_number, granularity,
        from {{ ref("int_prices_confirmed") }}
        {% if has_earlier_rows(this) %}
            semi join touched_prices using (coin_id, vs_currency, granularity, price)
            where not is_confirmed
            union
            select load_number, granularity,
            from {{ this }}
            where is_moved_window
        {% endif %}
    ),

    unconfirmed_points as (
        select *,
        from {{ ref("int_prices_confirmed") }}
        semi join answers_to_look_at using (load_number, granularity)
        where not is_confirmed
    ),

    same_prices as (
        select *,
        from {{ ref("int_prices_observed") }}
        semi join unconfirmed_points using (coin_id, vs_currency, granularity, price)
        where not is_live
    ),

    -- A price that keeps coming back, as that of a stablecoin, says nothing
    rare_prices as (
        select coin_id, vs_currency, granularity, price,
        from same_prices
        group by all
        having count(distinct observed_ms) between 2 and 3
    ),

    rare_points as (
        select distinct coin_id, vs_currency, granularity, price, observed_ms,
        from same_prices
        semi join rare_prices using (coin_id, vs_currency, granularity, price)
    ),

    -- The price of another stamp, a whole number of hours away
    moved as (
        select
            unconfirmed_points.coin_id,
            unconfirmed_points.vs_currency,
            unconfirmed_points.granularity,
            unconfirmed_points.load_number,
            unconfirmed_points.observed_ms - rare_points.observed_ms as moved_by,
            count(*) as moved,
        from unconfirmed_points
        inner join rare_points using (coin_id, vs_currency, granularity, price)
        where
            unconfirmed_points.observed_ms <> rare_points.observed_ms
            and (unconfirmed_points.observed_ms - rare_points.observed_ms) % 3600000 = 0
        group by all
    ),

    most_moved as (select coin_id, vs_currency, granularity, load_number, max(moved) as moved, from moved group by all),

    compared as (
        select
            beside_others.* exclude (known),
            beside_others.known + coalesce(taken_away.withdrawn, 0) as known,
            coalesce(taken_away.withdrawn, 0) as withdrawn,
            coalesce(most_moved.moved, 0) as moved,
        from beside_others
        left join taken_away using (coin_id, vs_currency, granularity, load_number)
        left join most_moved using (coin_id, vs_currency, granularity, load_number)
    ),

    -- A few at once are how CoinGecko works
    answers_alone as (
        select
            *,
            revised > {{ var("mass_points") }} and revised > {{ var("mass_share") }} * known as is_mass_revision,
            withdrawn > {{ var("mass_points") }} and withdrawn > {{ var("mass_share") }} * known as is_mass_withdrawal,
            moved > {{ var("mass_points") }} and moved > unconfirmed / 2 as is_moved_window,
            with_few_digits > {{ var("mass_points") }}
            and with_few_digits > points / 2
            and points_of_others > {{ var("mass_points") }}
            and with_few_digits_of_others <= {{ var("mass_share") }} * points_of_others as has_few_digits,
        from compared
        where is_mass_revision or is_mass_withdrawal or is_moved_window or has_few_digits
    )

select *
from answers_alone
