"""The tables of the cache, the DuckDB file that PyAirbyte fills: the prices, and our marker rows beside them."""

TABLE = "raw.market_chart"
MARKERS = "raw.pipeline_markers"
