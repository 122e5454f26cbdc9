-- Lists settled days, of the last seven that are known, that CoinGecko's own candles put elsewhere.
{{ config(severity="warn", meta={"failure": "doubt"}) }}

with

    second_opinions as (select * from {{ ref("second_opinions") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    differing as (
        select *
        from second_opinions
        where verdict = 'differs' and date >= (select max(extracted_at)::date - 7 from extractions)
    )

select *
from differing
