with

    scored as (select * from {{ ref("int_candles_scored") }}),

    jumped as (select * from {{ ref("int_prices_jumped") }}),

    traced as (select * from {{ ref("int_jumps_traced") }}),

    repeated as (select * from {{ ref("int_prices_repeated") }}),

    price_anomalies as (
        select
            coin_id,
            vs_currency,
            date,
            null::timestamp as observed_at,
            measure,
            value,
            score,
            'warning' as severity,
            format(
                '{} {:.4g} is {:.1f} robust deviations from the median {:.4g} of {} days',
                measure,
                value,
                score,
                median,
                days
            ) as reason,
        from scored
        where abs(score) >= {{ var("anomaly_score") }}
        union all
        select
            jumped.coin_id,
            jumped.vs_currency,
            jumped.observed_at::date as date,
            jumped.observed_at,
            'jump' as measure,
            jumped.factor as value,
            null as score,
            if(traced.is_confirmed, 'warning', 'impossible') as severity,
            format(
                'the {} price goes from {:g} to {:g} in one step', jumped.granularity, jumped.price_before, jumped.price
            ) as reason,
        from jumped
        left join
            traced
            on jumped.coin_id = traced.coin_id
            and jumped.vs_currency = traced.vs_currency
            and jumped.granularity = traced.granularity
            and jumped.observed_at = traced.jumped_at
        union all
        select
            coin_id,
            vs_currency,
            last_point_at::date as date,
            first_point_at as observed_at,
            'repeat' as measure,
            hours as value,
            null as score,
            'impossible' as severity,
            format(
                'the {} price {:g} is repeated {} times in {:.1f} hours', granularity, price, points, hours
            ) as reason,
        from repeated
    )

select *
from price_anomalies
