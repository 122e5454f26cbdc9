"""One module for each command of `btc-pipeline`.

May import: errors, market, system, settings, observe, warehouse, lake, coingecko, terminal, visualize.report, verify,
steps, extract, transform, tasks, selftest.
"""
