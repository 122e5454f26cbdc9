"""The Airbyte source, in a process of its own: how CoinGecko is asked.

May import: system, warehouse, lake, coingecko.
"""
