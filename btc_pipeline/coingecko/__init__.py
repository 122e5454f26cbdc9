"""What is known of CoinGecko: streams, limits, responses, coin names, the ledger of calls."""
