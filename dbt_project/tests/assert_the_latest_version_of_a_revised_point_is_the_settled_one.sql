-- Of each point that was revised the settled series has the newest values, and each revision changed some.
{{ config(meta={"failure": "ours"}) }}

with

    revisions as (select * from {{ ref("int_prices_revised") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    latest as (
        select *,
        from revisions
        qualify
            row_number() over (partition by coin_id, vs_currency, granularity, observed_at order by version desc) = 1
    ),

    outdated as (
        select latest.*,
        from latest
        inner join settled_prices using (coin_id, vs_currency, granularity, observed_at)
        where
            (latest.new_price, latest.new_market_cap, latest.new_volume_24h)
            is distinct from (settled_prices.price, settled_prices.market_cap, settled_prices.volume_24h)
    ),

    empty as (
        select *,
        from revisions
        where
            (old_price, old_market_cap, old_volume_24h) is not distinct from (new_price, new_market_cap, new_volume_24h)
    ),

    violations as (
        select *
        from outdated
        union all
        select *
        from empty
    )

select *
from violations
