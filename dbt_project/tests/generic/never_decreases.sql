{#- Along `along`, in each group of `within`, the column never goes back. Of the days under test. -#}
{% test never_decreases(model, column_name, along, within) %}

    select *, lag({{ column_name }}) over (partition by {{ within | join(", ") }} order by {{ along }}) as before,
    from {{ model }}
    semi join {{ source("pipeline", "days_under_test") }} using (coin_id, vs_currency, date)
    qualify {{ column_name }} < before

{% endtest %}
