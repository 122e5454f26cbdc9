{#- Along `along`, in each group of `within`, the column never goes back. `by_day`: of the days under test. -#}
{% test never_decreases(model, column_name, along, within, by_day=false) %}

    select *, lag({{ column_name }}) over (partition by {{ within | join(", ") }} order by {{ along }}) as before,
    from {{ model }}
    {% if by_day %} semi join {{ source("pipeline", "days_under_test") }} using (coin_id, vs_currency, date) {% endif %}
    qualify {{ column_name }} < before

{% endtest %}
