with

    shared as (select * from {{ ref("int_prices_alike") }}),

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
