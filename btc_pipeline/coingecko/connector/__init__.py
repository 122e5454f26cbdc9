"""The Airbyte source, in a process of its own: how CoinGecko is called.

May import: system, warehouse, lake, coingecko.
"""
