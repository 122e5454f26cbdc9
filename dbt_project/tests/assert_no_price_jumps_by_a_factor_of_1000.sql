-- No market makes a factor of 1000 in one step, or half of it (`jump_factor`): the answer that brought such a price is
-- quarantined. If a second piece of evidence has the price too, it is what the API says, and only its day is in doubt.
{{ config(meta={"failure": "answer", "is_confirmable": true}) }}

with

    jumps as (select * from {{ ref("int_jumps_traced") }}),

    unconfirmed as (
        select coin_id, vs_currency, granularity, date, observed_at, observed_ms, price, price_beside,
        from jumps
        where not is_confirmed
    )

select *
from unconfirmed
