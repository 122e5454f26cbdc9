{#-
    The marker of the step Transform. The loader leaves in pipeline.pending_marker what it is about to vouch for;
    this hook moves it to pipeline.markers in the transaction that replaces daily_candlestick, with the number of
    rows and their hash. A dbt run by hand finds nothing pending, so it never vouches for anything.
-#}
{% macro vouch_for_daily_candlestick() %}
    delete from pipeline.markers
    where (step, day) in (select (step, day) from pipeline.pending_marker)
    ;

    insert into pipeline.markers
    select
        step,
        day,
        fingerprint,
        stamp,
        (select count(*) from {{ this }}),
        (select coalesce(bit_xor(hash(candle::varchar)), 0)::varchar from {{ this }} as candle)
    from pipeline.pending_marker;

    delete from pipeline.pending_marker
{% endmacro %}
