{#-
    Before int_prices_observed inserts the touched days it deletes them: so a day of which no answer is left goes too.
    dbt runs both hooks in the transaction of the insert.
-#}
{% macro delete_touched_days(relation) %}
    {% if is_incremental() %}
        delete from {{ relation }}
        where
            (coin_id, vs_currency, date)
            in (select (coin_id, vs_currency, date) from {{ source("pipeline", "touched_days") }})
    {% endif %}
{% endmacro %}

{#- The days are as the answers say now: the loader notes the next ones. -#}
{% macro clear_touched_days() %} delete from {{ source("pipeline", "touched_days") }} {% endmacro %}

{#- The points of an answer go with it. Both hooks run in the transaction of the insert. -#}
{% macro delete_points_of_removed_answers(relation) %}
    {% if is_incremental() %}
        delete from {{ relation }}
        where load_number in (select load_number from {{ source("pipeline", "removed_answers") }})
    {% endif %}
{% endmacro %}

{#- They are gone: the loader notes the next ones. -#}
{% macro clear_removed_answers() %} delete from {{ source("pipeline", "removed_answers") }} {% endmacro %}

{#- The greatest load number of an answer that the relation has points of, as a constant. -#}
{% macro last_number_in(relation) -%}
    {%- if execute -%} {{ run_query("select coalesce(max(load_number), 0) from " ~ relation).columns[0].values()[0] }}
    {%- else -%} 0
    {%- endif -%}
{%- endmacro %}
