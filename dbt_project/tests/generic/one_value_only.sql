{#- All rows have the same value, e.g. one source: sample data is never mixed with real data. -#}
{% test one_value_only(model, column_name) %}

    select count(distinct {{ column_name }}) as different_values
    from {{ model }}
    having count(distinct {{ column_name }}) > 1

{% endtest %}
