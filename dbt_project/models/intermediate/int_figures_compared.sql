{{
    config(
        materialized="incremental",
        pre_hook="{{ delete_from_first_change(this, ref('int_candles_built'), ['coin_id', 'vs_currency', 'granularity'],         hash_of_figures(), 'market_cap > 0 or volume_24h > 0') }}",
    )
}}

with

    candles as (select *, {{ hash_of_figures() }} as inputs from {{ ref("int_candles_built") }}),

    -- What is kept ends before the first candle that has changed: all after it is compared with it
    kept as (
        {% if is_incremental() %}select coin_id, vs_currency, granularity, figure, date, value, number from {{ this }}
        {% else %}
            select coin_id, vs_currency, granularity, '' as figure, date, close as value, 0 as number
            from candles
            where false
        {% endif %}
    ),

    ends as (
        select coin_id, vs_currency, granularity, figure, max(date) as last_day, max(number) as last_number
        from kept
        group by all
    ),

    ends_of_series as (select coin_id, vs_currency, granularity, max(last_day) as last_day from ends group by all),

    new_candles as (
        select candles.*
        from candles
        left join ends_of_series using (coin_id, vs_currency, granularity)
        where last_day is null or date > last_day
    ),

    -- Both in coins, so that neither follows the price
    figures as (
        select coin_id, vs_currency, granularity, date, inputs, 'supply' as figure, market_cap / close as value
        from new_candles
        where market_cap > 0
        union all
        select coin_id, vs_currency, granularity, date, inputs, 'volume' as figure, volume_24h / close as value
        from new_candles
        where volume_24h > 0
    ),

    numbered as (
        select
            figures.*,
            coalesce(last_number, 0)
            + row_number() over (partition by coin_id, vs_currency, granularity, figure order by date) as number
        from figures
        left join ends using (coin_id, vs_currency, granularity, figure)
    ),

    -- With the ninety values before them
    at_hand as (
        select coin_id, vs_currency, granularity, date, figure, value, number, inputs, true as is_new
        from numbered
        union all
        select coin_id, vs_currency, granularity, date, figure, value, number, null as inputs, false as is_new
        from kept
        inner join ends using (coin_id, vs_currency, granularity, figure)
        where number > last_number - 90
    ),

    -- A tenth of the days before may be as wrong as this one
    with_history as (
        select
            *,
            quantile_disc(value, 0.1) over days_before as usual_low,
            quantile_disc(value, 0.9) over days_before as usual_high,
            count(*) over days_before as days
        from at_hand
        window
            days_before as (
                partition by coin_id, vs_currency, granularity, figure
                order by date
                rows between 90 preceding and 1 preceding
            )
    ),

    figures_compared as (
        select
            coin_id,
            vs_currency,
            granularity,
            date,
            figure,
            value,
            usual_low,
            usual_high,
            days,
            case
                when days >= {{ var("anomaly_history_days") }} then greatest(value / usual_high, usual_low / value)
            end as times,
            case
                figure when 'supply' then {{ var("supply_factor") }} when 'volume' then {{ var("volume_factor") }}
            end as limit_times,
            number,
            inputs
        from with_history
        where is_new
    )

select *
from figures_compared
