with

    jumped as (select * from {{ ref("int_prices_jumped") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

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

    -- Each point with what is known of its level, its answers and its day
    described as (
        select
            levelled.*,
            bounded.is_between,
            bounded.points,
            given.first_given_at,
            given.is_confirmed,
            opinions.is_hourly_contradicted,
            opinions.is_hourly_confirmed,
        from levelled
        inner join bounded using (coin_id, vs_currency, granularity, level)
        inner join given using (coin_id, vs_currency, granularity, observed_ms)
        left join opinions using (coin_id, vs_currency, date)
    ),

    stepped as (
        select described as here, lag(described) over series as before,
        from described
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    -- Of the two points of a jump the suspect is the hourly one that CoinGecko's own candles contradict, if they are
    -- those of the other one's day; else the one on the level that is off on both sides, between two jumps. If that is
    -- so of both or of none, the newer answer is the suspect; of one answer the shorter level, or the later point
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

    -- The other series has the price, up to a factor of 10, within 10 minutes
    seen_by_both as (
        select distinct suspects.coin_id, suspects.vs_currency, suspects.granularity, suspects.jumped_at,
        from suspects
        inner join
            settled_prices
            on suspects.coin_id = settled_prices.coin_id
            and suspects.vs_currency = settled_prices.vs_currency
            and suspects.granularity <> settled_prices.granularity
            and suspects.observed_at::date = settled_prices.date
            and abs(suspects.observed_ms - settled_prices.observed_ms) <= 600000
            and settled_prices.price between suspects.price / 10 and suspects.price * 10
    ),

    traced as (
        select
            suspects.coin_id,
            suspects.vs_currency,
            suspects.granularity,
            suspects.jumped_at,
            suspects.observed_at::date as date,
            suspects.observed_at,
            suspects.observed_ms,
            suspects.price,
            suspects.price_beside,
            suspects.is_confirmed or seen_by_both.jumped_at is not null as is_confirmed,
        from suspects
        left join seen_by_both using (coin_id, vs_currency, granularity, jumped_at)
    )

select *
from traced
