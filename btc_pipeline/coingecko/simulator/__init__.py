"""The stand-in CoinGecko on loopback: a synthetic market, recordings of the real API, an HTTP server.

May import: nothing of the project.
"""
