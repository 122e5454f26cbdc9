{#- The column is not below the column `lower` and not above the column `upper` of its row. -#}
{% test between_columns(model, column_name, lower, upper) %}

    select * from {{ model }} where not coalesce({{ column_name }} between {{ lower }} and {{ upper }}, false)

{% endtest %}
