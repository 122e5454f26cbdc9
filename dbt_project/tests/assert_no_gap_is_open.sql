-- Lists the open gaps that may have changed a candle: of two slots or more, or at the open, high, low or close. A
-- single
-- slot inside of a day is on record, and common. A coin that is not requested any more warns no more. A run with
-- `--date` requests a missing day again; the seed reviewed_gaps stops the warning if CoinGecko has no data.
{{ config(severity="warn") }}

with

    price_gaps as (select * from {{ ref("price_gaps") }}),

    wanted_pairs as (select * from {{ ref("stg_pipeline__wanted_pairs") }}),

    open_gaps as (
        select * from price_gaps semi join wanted_pairs using (coin_id, vs_currency) where state = 'open' and is_notable
    )

select *
from open_gaps
order by coin_id, vs_currency, gap_from
