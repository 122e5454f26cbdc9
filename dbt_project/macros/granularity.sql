{#- How many points CoinGecko gives for a whole UTC day of a series, and how long one slot lasts. -#}
{% macro slots_per_day(granularity) -%}
    case {{ granularity }} when '5-minute' then 288 when 'hourly' then 24 end
{%- endmacro %}

{% macro slot_seconds(granularity) -%}
    case {{ granularity }} when '5-minute' then 300 when 'hourly' then 3600 end
{%- endmacro %}

{#- The number of the slot that a stamp in milliseconds lies in, counted from 1970. -#}
{% macro slot_of(granularity, stamp_ms) -%}
    divide({{ stamp_ms }}, 1000 * {{ slot_seconds(granularity) }})
{%- endmacro %}

{#- A day's edge, in milliseconds: its first or last slot, and of a finer series than that the first or last minutes. -#}
{% macro edge_ms(granularity) -%}
    1000 * greatest(60 * {{ var("edge_minutes") }}, {{ slot_seconds(granularity) }})
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
