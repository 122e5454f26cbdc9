{{ config(materialized="table") }}

with

    series as (select * from {{ ref("int_series_measured") }}),

    opinions as (select * from {{ ref("int_opinions_compared") }}),

    compared as (select * from {{ ref("int_series_compared") }}),

    confirmed as (select * from {{ ref("int_prices_confirmed") }}),

    answers_alone as (select * from {{ ref("int_answers_alone") }}),

    currencies as (select * from {{ ref("int_currencies_compared") }}),

    figures as (select * from {{ ref("int_figures_compared") }}),

    jumps as (select * from {{ ref("int_jumps_traced") }}),

    unproved_days as (select * from {{ ref("stg_pipeline__unproved_days") }}),

    reviewed_doubts as (select * from {{ ref("reviewed_doubts") }}),

    shared_prices as (select * from {{ ref("int_prices_shared") }}),

    -- How far apart the series are at most, on days of which they can be compared at each hour
    days_alike as (
        select coin_id, vs_currency, date, max(bps) as furthest_bps,
        from compared
        group by all
        having count(distinct hour(observed_at)) = 24
    ),

    -- Before the day is settled its last slots are not due, and the candle is provisional anyway
    settled as (
        select
            series.*,
            coalesce(
                if(granularity = 'hourly', is_hourly_contradicted, is_range_contradicted), false
            ) as is_contradicted,
            coalesce(is_hourly_contradicted, false) as is_hourly_contradicted,
            coalesce(is_hourly_confirmed, false) as is_hourly_confirmed,
            coalesce(is_range_confirmed, false) as is_range_confirmed,
            -- The range of a day may hold CoinGecko's own candles by chance. If it has the prices of an hourly series
            -- that they contradict by more, it is as wrong
            coalesce(
                largest_bps - furthest_bps > {{ var("two_series_limit_bps") }}, false
            ) as is_contradicted_as_hourly,
        from series
        left join opinions using (coin_id, vs_currency, date)
        left join days_alike using (coin_id, vs_currency, date)
        where is_settled
    ),

    without_edges as (select *, 'edge' as doubt, from settled where not has_edges),

    contradicted as (
        select *, 'second_opinion_differs' as doubt, from settled where is_contradicted or is_contradicted_as_hourly
    ),

    days_apart as (
        select distinct coin_id, vs_currency, date, from compared where bps > {{ var("two_series_limit_bps") }}
    ),

    -- The second opinion decides between the two series, if it is for one and not for the other. The hourly candle it
    -- confirms to the last digit
    differing as (
        select settled.*, 'series_differ' as doubt,
        from settled
        semi join days_apart using (coin_id, vs_currency, date)
        where
            case
                when granularity = 'hourly'
                then not is_hourly_confirmed
                else not (is_range_confirmed and is_hourly_contradicted)
            end
    ),

    -- What one answer alone says, against all before it
    said_alone as (
        select settled.*, answers_alone.* exclude (coin_id, vs_currency, granularity),
        from settled
        inner join confirmed using (coin_id, vs_currency, granularity, date)
        inner join answers_alone using (load_number, coin_id, vs_currency, granularity)
        where not confirmed.is_confirmed and not (settled.granularity = 'hourly' and settled.is_hourly_confirmed)
    ),

    revised as (select *, 'mass_revision' as doubt, from said_alone where is_mass_revision),

    withdrawn as (select *, 'withdrawn_points' as doubt, from said_alone where is_mass_withdrawal),

    moved as (select *, 'moved_window' as doubt, from said_alone where is_moved_window),

    rounded as (select *, 'few_digits' as doubt, from said_alone where has_few_digits),

    other_rates as (
        select settled.*, 'currencies_differ' as doubt,
        from settled
        semi join
            (select * from currencies where bps > {{ var("currencies_limit_bps") }}) using (coin_id, vs_currency, date)
        where granularity = 'hourly' and not is_hourly_confirmed
    ),

    other_figures as (
        select settled.*, 'figures_differ' as doubt,
        from settled
        semi join (select * from figures where times >= limit_times) using (coin_id, vs_currency, granularity, date)
    ),

    -- What is not confirmed fails a test, and its answer is quarantined
    jumped as (select *, 'jump' as doubt, from jumps where is_confirmed),

    twins as (select *, 'twin' as doubt, from shared_prices where is_confirmed),

    not_reproduced as (
        select settled.*, 'not_reproduced' as doubt,
        from settled
        semi join unproved_days using (coin_id, vs_currency, date)
    ),

    doubts as (
        {% for each in [
            "without_edges",
            "contradicted",
            "differing",
            "revised",
            "withdrawn",
            "moved",
            "rounded",
            "other_rates",
            "other_figures",
            "jumped",
            "twins",
            "not_reproduced",
        ] %}
            select distinct coin_id, vs_currency, granularity, date, doubt,
            from {{ each }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    -- A person has found that the market is so
    unreviewed as (select * from doubts anti join reviewed_doubts using (coin_id, vs_currency, date, doubt))

select *
from unreviewed
