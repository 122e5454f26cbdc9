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
