{#-
    dbt measures the age of the data against its own clock. Here it is measured against the run's now, or, if the run's
    day is past, against the end of that day. So a replay of last year is as fresh as it was then.
-#}
{% macro duckdb__collect_freshness_custom_sql(source, loaded_at_query) %}
    {% call statement("collect_freshness_custom_sql", fetch_result=True, auto_begin=False) -%}
        select
            ({{ loaded_at_query }}) as max_loaded_at,
            (select least(max(as_of), max(run_date) + interval 1 day) from pipeline.this_run) as snapshotted_at,
    {% endcall %}
    {{ return(load_result("collect_freshness_custom_sql")) }}
{% endmacro %}
