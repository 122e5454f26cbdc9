"""One module or package for each command of `btc-pipeline`, and for each target of make that runs the package.

May import: errors, market, system, settings, observe, warehouse, lake, coingecko, terminal, visualize.report, verify,
steps, extract, transform, tasks, selftest.
"""
