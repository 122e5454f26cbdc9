{#- At least this share of the rows has a value. Without rows it passes. -#}
{% test not_null_proportion(model, column_name, at_least) %}

    select count({{ column_name }}) / count(*) as proportion,
    from {{ model }}
    having count(*) > 0 and count({{ column_name }}) < {{ at_least }} * count(*)

{% endtest %}
