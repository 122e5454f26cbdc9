"""What is known about CoinGecko: streams, limits, responses, coin names, the call ledger.

May import: errors, market, system, settings, warehouse.
"""
