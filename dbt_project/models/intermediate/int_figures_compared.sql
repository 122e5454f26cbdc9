{{ config(materialized="table") }}

with

    candles as (select * from {{ ref("int_candles_built") }}),

    -- Both in coins, so that neither follows the price
    figures as (
        select coin_id, vs_currency, granularity, date, 'supply' as figure, market_cap / close as value,
        from candles
        where market_cap > 0
        union all by name
        select coin_id, vs_currency, granularity, date, 'volume' as figure, volume_24h / close as value,
        from candles
        where volume_24h > 0
    ),

    -- A day is compared with the ninety days before it. From the first value on that is another one than in the last
    -- build, or that is gone, all of them are compared anew
    first_changes as (
        {% if has_earlier_rows(this) %}
            select coin_id, vs_currency, granularity, figure, min(date) as first_change,
            from figures as now
            full join {{ this }} as earlier using (coin_id, vs_currency, granularity, figure, date)
            where now.value is distinct from earlier.value
            group by all
        {% else %}select coin_id, vs_currency, granularity, figure, min(date) as first_change, from figures group by all
        {% endif %}
    ),

    numbered as (
        select *, row_number() over (partition by coin_id, vs_currency, granularity, figure order by date) as number,
        from figures
        semi join first_changes using (coin_id, vs_currency, granularity, figure)
    ),

    first_numbers as (
        select coin_id, vs_currency, granularity, figure, first_change, min(number) as first_number,
        from numbered
        inner join first_changes using (coin_id, vs_currency, granularity, figure)
        where date >= first_change
        group by all
    ),

    at_hand as (
        select numbered.* exclude (number), date >= first_change as is_new,
        from numbered
        inner join first_numbers using (coin_id, vs_currency, granularity, figure)
        where number >= first_number - 90
    ),

    -- The days before; a tenth of them may be as wrong as this one
    with_history as (
        select
            *,
            quantile_disc(value, 0.1) over days_before as usual_low,
            quantile_disc(value, 0.9) over days_before as usual_high,
            count(*) over days_before as days,
        from at_hand
        window
            days_before as (
                partition by coin_id, vs_currency, granularity, figure
                order by date
                rows between 90 preceding and 1 preceding
            )
    ),

    compared as (
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
        from with_history
        where is_new
    ),

    figures_compared as (
        select *,
        from compared
        {% if has_earlier_rows(this) %}
            union all
            select earlier.*,
            from {{ this }} as earlier
            left join first_changes using (coin_id, vs_currency, granularity, figure)
            where first_change is null or date < first_change
        {% endif %}
    )

select *
from figures_compared
