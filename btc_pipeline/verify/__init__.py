"""The step VerifyData: is this response what was asked for?

May import: errors, market, system, settings, observe, lake, coingecko, targets.
"""
