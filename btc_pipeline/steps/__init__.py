"""What all Luigi tasks have in common.

May import: errors, market, system, settings, observe, warehouse, lake, coingecko, targets, terminal.
"""
