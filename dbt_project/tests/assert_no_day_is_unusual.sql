-- Lists what is far from a coin's days before, of the last seven days that are known.
{{ config(severity="warn", meta={"failure": "doubt"}) }}

with

    price_anomalies as (select * from {{ ref("price_anomalies") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    unusual as (
        select *
        from price_anomalies
        where severity = 'warning' and date >= (select max(extracted_at)::date - 7 from extractions)
    )

select *
from unusual
