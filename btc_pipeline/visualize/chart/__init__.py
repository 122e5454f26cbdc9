"""One figure from candles.

May import: market, system, settings.
"""
