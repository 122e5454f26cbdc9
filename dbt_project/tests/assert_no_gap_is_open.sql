-- Lists the gaps of two hours or more that are due, not closed and not reviewed. A single missing hour is on
-- record, and common. A run with `--date` requests a missing day again; the seed reviewed_gaps stops the warning if
-- CoinGecko has no data.
{{ config(severity="warn") }}

with

    price_gaps as (select * from {{ ref("price_gaps") }}),

    open_gaps as (
        select *
        from price_gaps
        where state = 'open' and cause <> 'not_settled' and gap_to - gap_from >= interval 2 hour
    )

select *
from open_gaps
order by coin_id, vs_currency, gap_from
