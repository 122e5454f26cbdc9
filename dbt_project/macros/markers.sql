{#-
    The marker of the step Transform. The loader leaves in pipeline.pending_marker what it is about to vouch for;
    this hook moves it to pipeline.markers in the transaction that replaces daily_candlestick, with the number of
    rows and their hash. A dbt run by hand, which has another target, never vouches for anything.
-#}
{% macro vouch_for_daily_candlestick() %}
    {% if target.name == "pipeline" %}
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
        (select count(*) from {{ this }}),
        (select coalesce(bit_xor(hash(candle::varchar)), 0)::varchar from {{ this }} as candle)
    from pipeline.pending_marker;

        delete from pipeline.pending_marker
    {% endif %}
{% endmacro %}
