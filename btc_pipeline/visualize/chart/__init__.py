"""One figure from candles."""
