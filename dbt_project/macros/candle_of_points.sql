{#- The columns of a candle, from points with `price`, `volume_24h`, `market_cap`, `observed_ms` and `observed_at`. -#}
{% macro candle_of_points() -%}
    min_by(price, observed_ms) as open,
    max(price) as high,
    min(price) as low,
    max_by(price, observed_ms) as close,
    max_by(volume_24h, observed_ms) as volume_24h,
    max_by(market_cap, observed_ms) as market_cap,
    min(observed_at) as first_point_at,
    max(observed_at) as last_point_at
{%- endmacro %}

{#- All that a candle says, as one number: it is another one if the candle has changed. -#}
{% macro hash_of_candle() -%} hash(open, high, low, close, volume_24h, market_cap, coverage) {%- endmacro %}

{#- The same of the figures of a candle and the close that they are divided by. -#}
{% macro hash_of_figures() -%} hash(close, market_cap, volume_24h) {%- endmacro %}
