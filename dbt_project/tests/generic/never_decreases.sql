{#- Along the column `along`, in each group of `within`, the column never goes back: time runs in one direction. -#}
{% test never_decreases(model, column_name, along, within) %}

    select *, lag({{ column_name }}) over (partition by {{ within | join(", ") }} order by {{ along }}) as before,
    from {{ model }}
    qualify {{ column_name }} < before

{% endtest %}
