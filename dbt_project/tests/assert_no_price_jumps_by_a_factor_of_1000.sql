-- No market makes a factor of 1000 in one step. Candles of such prices are not published.
with

    price_anomalies as (select * from {{ ref("price_anomalies") }}),

    impossible as (select * from price_anomalies where severity = 'impossible' and measure = 'jump')

select *
from impossible
