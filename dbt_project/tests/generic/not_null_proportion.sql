{#- At least this share of the rows has a value; if not, lists those without one. Without rows it passes. -#}
{% test not_null_proportion(model, column_name, at_least) %}

    select *
    from {{ model }}
    where {{ column_name }} is null and (select count({{ column_name }}) < {{ at_least }} * count(*) from {{ model }})

{% endtest %}
