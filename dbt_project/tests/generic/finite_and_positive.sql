{#- Each value that is known is a finite number above 0, as a price is. -#}
{% test finite_and_positive(model, column_name) %}

    select * from {{ model }} where not ({{ column_name }} > 0 and isfinite({{ column_name }}))

{% endtest %}
