-- No market gives the very same price for hours: such a series has stopped. The answers that gave the end of it are
-- quarantined, unless a person has released them.
{{ config(meta={"failure": "answer"}) }}

with

    repeated as (select * from {{ ref("int_prices_repeated") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

    released as (select * from {{ ref("stg_pipeline__released_answers") }}),

    ends as (
        select
            repeated.coin_id,
            repeated.vs_currency,
            repeated.granularity,
            observations.date,
            observations.observed_at,
            observations.observed_ms,
            observations.price,
            repeated.points,
            repeated.hours,
        from repeated
        inner join
            observations
            on repeated.coin_id = observations.coin_id
            and repeated.vs_currency = observations.vs_currency
            and repeated.granularity = observations.granularity
            and repeated.last_point_at = observations.observed_at
            and observations.is_latest
        anti join released on observations.load_number = released.load_number
    )

select *
from ends
