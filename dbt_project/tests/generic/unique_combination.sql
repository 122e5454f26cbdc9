{#- No two rows agree in all of these columns: the model's grain. `by_day`: of the days under test. -#}
{% test unique_combination(model, columns, by_day=false) %}

    select {{ columns | join(", ") }}, count(*) as copies,
    from {{ model }}
    {% if by_day %} semi join {{ source("pipeline", "days_under_test") }} using (coin_id, vs_currency, date) {% endif %}
    group by all
    having count(*) > 1

{% endtest %}
