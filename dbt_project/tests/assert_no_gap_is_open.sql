-- Lists the open gaps that are two hours long or more, alone or with their neighbours. It looks at all of history and
-- warns until a person has reviewed them, so shorter ones are left to the head of the report and to the doubt `edge`. A
-- coin that is not requested any more warns no more. A run with `--date` requests a missing day again; the seed
-- reviewed_gaps stops the warning if CoinGecko has no data.
{{ config(severity="warn", meta={"failure": "doubt"}) }}

with

    price_gaps as (select * from {{ ref("price_gaps") }}),

    wanted_pairs as (select * from {{ ref("stg_pipeline__wanted_pairs") }}),

    open_gaps as (
        select *, lag(gap_to) over neighbours is distinct from gap_from as is_new,
        from price_gaps
        semi join wanted_pairs using (coin_id, vs_currency)
        where state = 'open'
        window neighbours as (partition by coin_id, vs_currency, granularity order by gap_from)
    ),

    numbered as (
        select
            *, sum(is_new::integer) over (partition by coin_id, vs_currency, granularity order by gap_from) as stretch,
        from open_gaps
    ),

    long_ones as (
        select * exclude (is_new, stretch),
        from numbered
        qualify
            max(gap_to) over (partition by coin_id, vs_currency, granularity, stretch)
            - min(gap_from) over (partition by coin_id, vs_currency, granularity, stretch)
            >= interval 2 hour
    )

select *
from long_ones
order by coin_id, vs_currency, gap_from
