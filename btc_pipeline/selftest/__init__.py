"""Injected faults: which check catches which?

May import: errors, market, coingecko.simulator, system, settings, warehouse, lake, coingecko, publish, terminal,
verify, transform.
"""
