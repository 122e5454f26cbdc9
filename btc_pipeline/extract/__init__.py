"""The step ExtractAndLoad: which requests are missing, and fetching them.

May import: errors, market, coingecko.simulator, system, settings, observe, warehouse, lake, coingecko, targets,
verify.
"""
