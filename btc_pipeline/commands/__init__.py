"""One module for each command of `btc-pipeline`."""
