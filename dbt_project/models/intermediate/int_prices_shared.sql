with

    observations as (select * from {{ ref("int_prices_observed") }}),

    released as (select * from {{ ref("stg_pipeline__released_answers") }}),

    settled as (
        select
            observations.coin_id,
            observations.vs_currency,
            observations.granularity,
            observations.date,
            observations.observed_ms,
            observations.observed_at,
            observations.price,
            observations.last_extracted_at - observations.first_extracted_at >= interval 1 hour
            or released.load_number is not null as is_confirmed,
        from observations
        left join released using (load_number)
        where observations.is_latest and not observations.is_live and observations.withdrawn_at is null
    ),

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
            own.is_confirmed and others.is_confirmed as is_confirmed,
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
    -- it
    -- is what the API says, of the newer points as well
    counted as (
        select * exclude (is_confirmed), sum(is_confirmed::integer) over pair_of_coins > 12 as is_confirmed,
        from shared
        window pair_of_coins as (partition by coin_id, other_coin_id, vs_currency, granularity)
        qualify count(*) over pair_of_coins > 12
    )

select *
from counted
