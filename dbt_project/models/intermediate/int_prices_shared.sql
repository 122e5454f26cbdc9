with

    settled as (select * from {{ ref("int_prices_confirmed") }}),

    shared as (
        select
            own.coin_id,
            others.coin_id as other_coin_id,
            own.vs_currency,
            own.granularity,
            own.date,
            own.observed_ms,
            own.observed_at,
            own.price,
            own.is_confirmed as is_own_confirmed,
            others.is_confirmed as is_other_confirmed,
        from settled as own
        inner join
            settled as others
            on own.vs_currency = others.vs_currency
            and own.granularity = others.granularity
            and own.observed_ms = others.observed_ms
            and own.price = others.price
            and own.coin_id <> others.coin_id
    ),

    -- A few equal prices are chance. Once two runs, at least an hour apart, have given more of them than chance does,
    -- it is what the API says, of the newer points as well
    counted as (
        select
            * exclude (is_own_confirmed, is_other_confirmed),
            count_if(is_own_confirmed and is_other_confirmed) over pair_of_coins > 12 as is_confirmed,
            count_if(is_own_confirmed) over pair_of_coins > 12 as is_own_confirmed,
            count_if(is_other_confirmed) over pair_of_coins > 12 as is_other_confirmed,
        from shared
        window pair_of_coins as (partition by coin_id, other_coin_id, vs_currency, granularity)
        qualify count(*) over pair_of_coins > 12
    )

select *
from counted
