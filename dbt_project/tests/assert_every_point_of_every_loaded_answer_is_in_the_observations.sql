-- Points and observations are built incrementally: each loaded answer has all its points, and no other answer has any;
-- and each point of the days under test is in the observations, in the version of its time.
{{ config(meta={"failure": "ours"}) }}

with

    days_under_test as (select * from {{ source("pipeline", "days_under_test") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    observations as (
        select * from {{ ref("int_prices_observed") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    held as (select load_number, count(*) as points, from {{ ref("stg_coingecko__points") }} group by all),

    points as (
        select *, from {{ ref("stg_coingecko__points") }} semi join days_under_test using (coin_id, vs_currency, date)
    ),

    lost_points as (
        select points.*,
        from points
        left join
            observations
            on points.coin_id = observations.coin_id
            and points.vs_currency = observations.vs_currency
            and points.granularity = observations.granularity
            and points.observed_ms = observations.observed_ms
            and points.extracted_at between observations.first_extracted_at and observations.last_extracted_at
        where observations.observed_ms is null
    ),

    answers_held_otherwise as (
        select
            load_number,
            extractions.coin_id,
            extractions.vs_currency,
            extractions.granularity,
            extractions.points,
            held.points as points_held,
        from extractions
        full join held using (load_number)
        where coalesce(extractions.points, 0) <> coalesce(held.points, 0)
    ),

    violations as (
        select *
        from lost_points
        union all by name
        select *
        from answers_held_otherwise
    )

select *
from violations
