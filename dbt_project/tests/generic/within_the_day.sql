{#- The instant belongs to the UTC day in `date`: 00:00:00.000 does, 24:00 not. `by_day`: of the days under test. -#}
{% test within_the_day(model, column_name, by_day=false) %}

    select *
    from {{ model }}
    {% if by_day %} semi join {{ source("pipeline", "days_under_test") }} using (coin_id, vs_currency, date) {% endif %}
    where
        not coalesce(
            {{ column_name }} >= date::timestamp and {{ column_name }} < date::timestamp + interval 1 day, false
        )

{% endtest %}
