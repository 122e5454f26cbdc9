"""The steps Transform and Test: loading the archive, running dbt, judging its tests.

May import: errors, market, system, settings, observe, warehouse, lake, coingecko, targets, verify, extract.
"""
