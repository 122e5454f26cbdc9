{#- The instant belongs to the UTC day in the row's `date`: 00:00:00.000 does, 24:00 does not. -#}
{% test within_the_day(model, column_name) %}

    select *
    from {{ model }}
    where
        not coalesce(
            {{ column_name }} >= date::timestamp and {{ column_name }} < date::timestamp + interval 1 day, false
        )

{% endtest %}
