{#-
    The marker of the step Transform. The loader writes it to pipeline.pending_marker. At the end of a run that has
    built all models, this macro moves it to pipeline.markers, in one transaction, with the number of rows of
    daily_candlestick and their hash. If the run is killed before, or if a model was not built, the step is not done.
    A dbt run by hand has another target, and never marks anything as complete.
-#}
{% macro mark_daily_candlestick(results) %}
    {% set models = results | selectattr("node.resource_type", "in", ["model", "seed"]) | list %}
    {% set built = models | selectattr("status", "equalto", "success") | list %}
    {% if execute and target.name == "pipeline" and models and built | length == models | length %}
        begin
        ;

        delete from pipeline.markers
        where (step, day) in (select (step, day) from pipeline.pending_marker)
        ;

        insert into pipeline.markers
        select
            (select coalesce(max(number), 0) + 1 from pipeline.markers),
            step,
            day,
            fingerprint,
            stamp,
            (select count(*) from main.daily_candlestick),
            (select coalesce(bit_xor(hash(candle::varchar)), 0)::varchar from main.daily_candlestick as candle)
        from pipeline.pending_marker;

        delete from pipeline.pending_marker
        ;

        commit
    {% endif %}
{% endmacro %}
