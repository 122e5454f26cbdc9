"""The step VerifyData: is this answer what was requested?

May import: errors, market, system, settings, observe, lake, coingecko, targets.
"""
