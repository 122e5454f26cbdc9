{#- Each row has a partner in the model `to` that agrees in all of these columns. -#}
{% test found_in(model, to, columns) %}

    select * from {{ model }} anti join {{ to }} using ({{ columns | join(", ") }})

{% endtest %}
