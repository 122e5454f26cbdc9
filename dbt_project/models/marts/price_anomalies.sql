with

    scored as (select * from {{ ref("int_candles_scored") }}),

    jumped as (select * from {{ ref("int_prices_jumped") }}),

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
            coin_id,
            vs_currency,
            observed_at::date as date,
            observed_at,
            'jump' as measure,
            factor as value,
            null as score,
            'impossible' as severity,
            format('the {} price goes from {:g} to {:g} in one step', granularity, price_before, price) as reason,
        from jumped
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
order by coin_id, vs_currency, date, measure, observed_at
