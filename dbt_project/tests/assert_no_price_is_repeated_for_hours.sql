-- No market gives the very same price for hours: such a series has stopped. Its candles are not published.
with

    price_anomalies as (select * from {{ ref("price_anomalies") }}),

    impossible as (select * from price_anomalies where severity = 'impossible' and measure = 'repeat')

select *
from impossible
