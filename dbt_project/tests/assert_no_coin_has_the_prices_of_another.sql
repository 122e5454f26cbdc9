-- The newest answer of each coin and series is compared with the candles that readers have: if most of its days are
-- far from the coin's own candles and inside another coin's, the two were swapped. And no two coins have the same
-- prices at the same stamps.
with

    points as (select * from {{ ref("stg_coingecko__points") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    newest_points as (
        select *,
        from points
        qualify load_number = max(load_number) over (partition by coin_id, vs_currency, granularity)
    ),

    days as (select coin_id, vs_currency, granularity, date, median(price) as price, from newest_points group by all),

    judged as (
        select
            days.coin_id,
            others.coin_id as other_coin_id,
            days.vs_currency,
            days.granularity,
            days.price not between own.low / 1.5
            and own.high * 1.5
            and days.price between others.low and others.high as is_of_the_other,
        from days
        inner join published_candles as own using (coin_id, vs_currency, date)
        inner join
            published_candles as others
            on days.vs_currency = others.vs_currency
            and days.date = others.date
            and days.coin_id <> others.coin_id
    ),

    swapped as (
        select coin_id, other_coin_id, vs_currency, granularity,
        from judged
        group by all
        having avg(is_of_the_other::integer) > 0.5
    ),

    shared as (
        select newest_points.coin_id, others.coin_id as other_coin_id, vs_currency, granularity,
        from newest_points
        inner join newest_points as others using (vs_currency, granularity, observed_ms, price)
        where newest_points.coin_id < others.coin_id
        group by all
        having count(*) > 12
    ),

    violations as (
        select *
        from swapped
        union all
        select *
        from shared
    )

select *
from violations
