{#- How many points CoinGecko gives for a whole UTC day of a series, and how long one slot lasts. -#}
{% macro slots_per_day(granularity) -%}
    case {{ granularity }} when '5-minute' then 288 when 'hourly' then 24 end
{%- endmacro %}

{% macro slot_seconds(granularity) -%}
    case {{ granularity }} when '5-minute' then 300 when 'hourly' then 3600 end
{%- endmacro %}

{#- The starts of all slots of a whole UTC day, one row for each. -#}
{% macro slots_of_day(granularity, date) -%}
    unnest(
        generate_series(
            {{ date }}::timestamp,
            {{ date }} + interval 1 day - to_seconds({{ slot_seconds(granularity) }}),
            to_seconds({{ slot_seconds(granularity) }})
        )
    )
{%- endmacro %}
