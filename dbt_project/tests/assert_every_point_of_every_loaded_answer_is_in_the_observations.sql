-- The observations are built incrementally: whatever was loaded since must be in them, in the version of
-- its time.
{{ config(meta={"failure": "ours"}) }}

with

    points as (select * from {{ ref("stg_coingecko__points") }}),

    observations as (select * from {{ ref("int_prices_observed") }}),

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
    )

select *
from lost_points
