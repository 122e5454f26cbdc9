-- No market makes such prices: a factor of 1000 in one step, the same price for hours. Candles of them are not
-- published.
with

    price_anomalies as (select * from {{ ref("price_anomalies") }}),

    impossible as (select * from price_anomalies where severity = 'impossible')

select *
from impossible
