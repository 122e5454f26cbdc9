{#-
    Before a model of the points inserts the days to make it deletes them: so a day of which no answer is left goes too.
    dbt runs the hook in the transaction of the insert. What compares coins is made anew for all of them. The days stay
    touched until the tests have passed (touched_days.vouch).
-#}
{% macro delete_days_to_make(relation, of_all_coins=false) %}
    {% if is_incremental() %}
        delete from {{ relation }} as kept
        where
            exists (
                select *
                from {{ ref("stg_pipeline__days_to_make") }} as made
                where
                    made.vs_currency = kept.vs_currency and made.date = kept.date
                    {% if not of_all_coins %} and made.coin_id = kept.coin_id {% endif %}
            )
    {% endif %}
{% endmacro %}

{#-
    Whether a long history is being built in slices: then the first build too makes the days of its slice alone. A unit
    test knows no source but those that are given, so the table is named.
-#}
{% macro is_sliced() %}
    {{ return(execute and value_of("select count(*) from pipeline.slice_of_days") > 0) }}
{% endmacro %}

{#-
    Before a model goes on with the rows that it keeps, each series is cut off at the first day whose input has changed
    since its row was made, or is gone, or new. `series` are the columns of a series; `inputs` is an expression over
    the rows of `source`, of which `condition` says which ones count. The model keeps it as `inputs`.
-#}
{% macro delete_from_first_change(relation, source, series, inputs, condition) %}
    {% set columns = series | join(", ") %}
    {% if is_incremental() %}
        delete from
            {{ relation }} as kept using (
                select {{ columns }}, min(date) as first_change
                from (select {{ columns }}, date, {{ inputs }} as inputs from {{ source }} where {{ condition }}) as now
                full join {{ relation }} as earlier using ({{ columns }}, date)
                where now.inputs is distinct from earlier.inputs
                group by all
            ) as cut
        where kept.date >= cut.first_change {% for each in series %} and kept.{{ each }} = cut.{{ each }} {% endfor %}
    {% endif %}
{% endmacro %}

{#- The points of an answer go with it. -#}
{% macro delete_points_of_removed_answers(relation) %}
    {% if is_incremental() %}
        delete from {{ relation }}
        where load_number in (select load_number from {{ source("pipeline", "removed_answers") }})
    {% endif %}
{% endmacro %}

{#- The greatest load number of an answer that the relation has points of, as a constant. -#}
{% macro last_number_in(relation) -%}
    {%- if execute -%} {{ value_of("select coalesce(max(load_number), 0) from " ~ relation) }}
    {%- else -%} 0
    {%- endif -%}
{%- endmacro %}

{#- The load number up to which a slice of a long history unpacks the answers; the greatest that there can be, if none. -#}
{% macro last_number_of_slice() -%}
    {%- set query = "select coalesce(min(last_number), 2147483647) from pipeline.slice_of_answers" -%}
    {%- if execute -%} {{ value_of(query) }}
    {%- else -%} 0
    {%- endif -%}
{%- endmacro %}

{#- The one value that a query gives. -#}
{% macro value_of(query) %} {{ return(run_query(query).columns[0].values()[0]) }} {% endmacro %}

{#- Whether a table that keeps rows of its last build has any to keep: not in the first build. -#}
{% macro has_earlier_rows(relation) %} {{ return(execute and load_relation(relation) is not none) }} {% endmacro %}
