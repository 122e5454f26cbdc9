"""What is known of CoinGecko: streams, limits, responses, coin names, the ledger of calls.

May import: errors, market, system, settings, warehouse.
"""
