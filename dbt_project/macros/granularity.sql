{#- How many points CoinGecko gives for a whole UTC day of a series, and how long one slot lasts. -#}
{% macro slots_per_day(granularity) -%}
    case {{ granularity }} when '5-minute' then 288 when 'hourly' then 24 end
{%- endmacro %}

{% macro slot_seconds(granularity) -%}
    case {{ granularity }} when '5-minute' then 300 when 'hourly' then 3600 end
{%- endmacro %}
