with

    jumped as (select * from {{ ref("int_prices_jumped") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    given as (select * from {{ ref("int_prices_confirmed") }}),

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

    levels as (
        select coin_id, vs_currency, granularity, level, count(*) as points, min(observed_ms) as first_ms,
        from levelled
        group by all
    ),

    bounded as (
        select *, level > 0 and lead(level) over series is not null as is_between,
        from levels
        window series as (partition by coin_id, vs_currency, granularity order by level)
    ),

    stepped as (
        select
            levelled.*,
            lag(observed_ms) over series as ms_before,
            lag(observed_at) over series as at_before,
            lag(price) over series as price_before,
        from levelled
        window series as (partition by coin_id, vs_currency, granularity order by observed_ms)
    ),

    -- Of the two points of a jump the suspect is the hourly one that CoinGecko's own candles contradict, if they are
    -- those of the other one's day; else the one on the level that is off on both sides, between two jumps. If that is
    -- so of both or of none, the newer answer is the suspect; of one answer the shorter level, or the later point
    judged as (
        select
            stepped.*,
            coalesce(
                case
                    when stepped.granularity <> 'hourly'
                    then null
                    when opinion_before.is_hourly_contradicted and opinion_here.is_hourly_confirmed
                    then true
                    when opinion_before.is_hourly_confirmed and opinion_here.is_hourly_contradicted
                    then false
                end,
                if(own.is_between <> other.is_between, other.is_between, null),
                if(
                    given_before.first_given_at <> given_here.first_given_at,
                    given_before.first_given_at > given_here.first_given_at,
                    own.is_between and other.points < own.points
                )
            ) as is_before_suspect,
        from stepped
        inner join
            bounded as own
            on stepped.coin_id = own.coin_id
            and stepped.vs_currency = own.vs_currency
            and stepped.granularity = own.granularity
            and stepped.level = own.level
        inner join
            bounded as other
            on stepped.coin_id = other.coin_id
            and stepped.vs_currency = other.vs_currency
            and stepped.granularity = other.granularity
            and stepped.level - 1 = other.level
        inner join
            given as given_here
            on stepped.coin_id = given_here.coin_id
            and stepped.vs_currency = given_here.vs_currency
            and stepped.granularity = given_here.granularity
            and stepped.observed_ms = given_here.observed_ms
        inner join
            given as given_before
            on stepped.coin_id = given_before.coin_id
            and stepped.vs_currency = given_before.vs_currency
            and stepped.granularity = given_before.granularity
            and stepped.ms_before = given_before.observed_ms
        left join
            opinions as opinion_here
            on stepped.coin_id = opinion_here.coin_id
            and stepped.vs_currency = opinion_here.vs_currency
            and stepped.date = opinion_here.date
        left join
            opinions as opinion_before
            on stepped.coin_id = opinion_before.coin_id
            and stepped.vs_currency = opinion_before.vs_currency
            and stepped.at_before::date = opinion_before.date
        where stepped.is_jump
    ),

    suspects as (
        select
            coin_id,
            vs_currency,
            granularity,
            observed_at as jumped_at,
            if(is_before_suspect, ms_before, observed_ms) as observed_ms,
            if(is_before_suspect, at_before, observed_at) as observed_at,
            if(is_before_suspect, price_before, price) as price,
            if(is_before_suspect, price, price_before) as price_beside,
        from judged
    ),

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
            given.is_confirmed or seen_by_both.jumped_at is not null as is_confirmed,
        from suspects
        inner join given using (coin_id, vs_currency, granularity, observed_ms)
        left join seen_by_both using (coin_id, vs_currency, granularity, jumped_at)
    )

select *
from traced
