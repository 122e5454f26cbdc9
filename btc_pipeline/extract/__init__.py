"""The step ExtractAndLoad: which requests are missing, and fetching them."""
