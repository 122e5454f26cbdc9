{{ config(materialized="table") }}

with

    jumped as (select * from {{ ref("int_prices_jumped") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    -- Named twice: DuckDB would copy all of a CTE that is read twice
    others as (
        select coin_id, vs_currency, granularity, date, observed_ms, price, has_other_prices,
        from {{ ref("int_prices_confirmed") }}
    ),

    given as (
        select coin_id, vs_currency, granularity, observed_ms, first_given_at, is_confirmed,
        from {{ ref("int_prices_confirmed") }}
    ),

    opinions as (select * from {{ ref("int_opinions_compared") }}),

    series_with_jumps as (select distinct coin_id, vs_currency, granularity, from jumped),

    -- From one jump to the next the prices are on one level
    placed as (
        select settled_prices.*, jumped.observed_at is not null as is_jump,
        from settled_prices
        semi join series_with_jumps using (coin_id, vs_currency, granularity)
        left join jumped using (coin_id, vs_currency, granularity, observed_at)
    ),

    levelled as (
        select
            *,
            sum(is_jump::integer) over (partition by coin_id, vs_currency, granularity order by observed_ms)::integer
            as level,
        from placed
    ),

    levels as (select coin_id, vs_currency, granularity, level, count(*) as points, from levelled group by all),

    bounded as (
        select *, level > 0 and lead(level) over series is not null as is_between,
        from levels
        window series as (partition by coin_id, vs_currency, granularity order by level)
    ),

    beside_jumps as (
        select *,
        from levelled
        qualify is_jump or lead(is_jump) over (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    -- The points of the other series within 65 minutes, of which the hourly one has one: is the price the same, up to a
    -- factor of 10?
    paired as (
        select
            beside_jumps.coin_id,
            beside_jumps.vs_currency,
            beside_jumps.granularity,
            beside_jumps.observed_ms,
            other.has_other_prices,
            other.price between beside_jumps.price / 10 and beside_jumps.price * 10 as is_same,
        from beside_jumps
        inner join
            others as other
            on beside_jumps.coin_id = other.coin_id
            and beside_jumps.vs_currency = other.vs_currency
            and beside_jumps.granularity <> other.granularity
            and beside_jumps.date = other.date
            and abs(beside_jumps.observed_ms - other.observed_ms) <= 3900000
    ),

    -- A revised point may confirm a price, but contradicts none: CoinGecko may have changed the unit of one series
    compared as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_ms,
            bool_or(is_same) as is_seen_by_both,
            bool_or(is_same) filter (where not has_other_prices) as is_upheld,
        from paired
        group by all
    ),

    -- Each point with what is known of its level, its answers and its day
    described as (
        select
            beside_jumps.*,
            bounded.is_between,
            bounded.points,
            given.first_given_at,
            given.is_confirmed,
            compared.is_seen_by_both,
            compared.is_upheld,
            opinions.is_hourly_contradicted,
            opinions.is_hourly_confirmed,
        from beside_jumps
        inner join bounded using (coin_id, vs_currency, granularity, level)
        inner join given using (coin_id, vs_currency, granularity, observed_ms)
        left join compared using (coin_id, vs_currency, granularity, observed_ms)
        left join opinions using (coin_id, vs_currency, date)
    ),

    stepped as (
        select described as here, lag(described) over series as before,
        from described
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    -- Of the two points of a jump the suspect is the hourly one that CoinGecko's own candles contradict, if they are
    -- those of the other one's day; else the one that the other series contradicts, if it has the other one; else the
    -- one on the level that is off on both sides, between two jumps. If that is so of both or of none, the newer answer
    -- is the suspect; of one answer the shorter level, or the later point
    judged as (
        select
            here,
            before,
            coalesce(
                case
                    when here.granularity <> 'hourly'
                    then null
                    when before.is_hourly_contradicted and here.is_hourly_confirmed
                    then true
                    when before.is_hourly_confirmed and here.is_hourly_contradicted
                    then false
                end,
                if(here.is_upheld <> before.is_upheld, here.is_upheld, null),
                if(here.is_between <> before.is_between, before.is_between, null),
                if(
                    before.first_given_at <> here.first_given_at,
                    before.first_given_at > here.first_given_at,
                    here.is_between and before.points < here.points
                )
            ) as is_before_suspect,
        from stepped
        where here.is_jump
    ),

    led_back as (
        select
            here.observed_at as jumped_at,
            if(is_before_suspect, before, here) as suspect,
            if(is_before_suspect, here.price, before.price) as price_beside,
        from judged
    ),

    suspects as (select suspect.*, jumped_at, price_beside, from led_back),

    traced as (
        select
            coin_id,
            vs_currency,
            granularity,
            jumped_at,
            observed_at::date as date,
            observed_at,
            observed_ms,
            price,
            price_beside,
            is_confirmed or coalesce(is_seen_by_both, false) as is_confirmed,
        from suspects
    )

select *
from traced
