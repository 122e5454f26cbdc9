-- Each answer that readers' candles don't know yet, and the newest of each coin and series, is compared with these
-- candles: if most of its days are far from the coin's own candles and inside another coin's, the two were swapped. And
-- no two coins have the same prices at the same stamps; of two such coins that one is at fault of which no two runs
-- gave them, or whose own candles are elsewhere, or both. Lists the points of the answers at fault; a person can
-- release an answer, and two runs can confirm that two coins have the same prices.
{{ config(meta={"failure": "answer", "is_confirmable": true}) }}

with

    points as (select * from {{ ref("stg_coingecko__points") }}),

    extractions as (select * from {{ ref("stg_coingecko__extractions") }}),

    settled_prices as (select * from {{ ref("int_prices_settled") }}),

    released as (select * from {{ ref("stg_pipeline__released_answers") }}),

    published_candles as (select * from {{ ref("stg_published__candles") }}),

    published_version as (select * from {{ ref("stg_published__versions") }}),

    twins as (select * from {{ ref("int_prices_shared") }}),

    unknown_answers as (
        select extractions.load_number,
        from extractions
        cross join published_version
        anti join released on extractions.load_number = released.load_number
        qualify
            extractions.load_number = max(extractions.load_number) over (
                partition by extractions.coin_id, extractions.vs_currency, extractions.granularity
            )
            or extractions.extracted_at > published_version.as_of
    ),

    unknown_points as (select * from points semi join unknown_answers using (load_number)),

    days as (
        select load_number, coin_id, vs_currency, granularity, date, median(price) as price,
        from unknown_points
        group by all
    ),

    -- Each coin beside each other one: of these days alone
    candles_of_days as (select * from published_candles semi join days using (vs_currency, date)),

    judged as (
        select
            days.load_number,
            days.coin_id,
            others.coin_id as other_coin_id,
            days.vs_currency,
            days.granularity,
            days.price not between own.low / 1.5
            and own.high * 1.5
            and days.price between others.low and others.high as is_of_the_other,
        from days
        inner join candles_of_days as own using (coin_id, vs_currency, date)
        inner join
            candles_of_days as others
            on days.vs_currency = others.vs_currency
            and days.date = others.date
            and days.coin_id <> others.coin_id
    ),

    swapped as (select load_number, other_coin_id, from judged group by all having avg(is_of_the_other::integer) > 0.5),

    swapped_points as (
        select
            unknown_points.load_number,
            unknown_points.coin_id,
            swapped.other_coin_id,
            unknown_points.vs_currency,
            unknown_points.granularity,
            unknown_points.date,
            unknown_points.observed_at,
            unknown_points.observed_ms,
            unknown_points.price,
        from unknown_points
        inner join swapped using (load_number)
    ),

    -- Of two coins with the same prices the one is at fault of which no two runs gave them. If that is so of both, it
    -- is the one whose own candle, the last up to that day, is elsewhere; if neither or both are elsewhere, both are
    shared as (
        select
            twins.*,
            coalesce(twins.price not between own.low / 1.5 and own.high * 1.5, false) as is_elsewhere,
            coalesce(twins.price not between others.low / 1.5 and others.high * 1.5, false) as is_other_elsewhere,
        from twins
        asof left join
            published_candles as own
            on twins.coin_id = own.coin_id
            and twins.vs_currency = own.vs_currency
            and twins.date >= own.date
        asof left join
            published_candles as others
            on twins.other_coin_id = others.coin_id
            and twins.vs_currency = others.vs_currency
            and twins.date >= others.date
        where not twins.is_confirmed
    ),

    shared_points as (
        select
            null::integer as load_number,
            coin_id,
            other_coin_id,
            vs_currency,
            granularity,
            date,
            observed_at,
            observed_ms,
            price,
        from shared
        where
            case
                when is_own_confirmed <> is_other_confirmed
                then is_other_confirmed
                else is_elsewhere or not is_other_elsewhere
            end
    ),

    violations as (
        select *
        from swapped_points
        union all
        select *
        from shared_points
    )

select *
from violations
