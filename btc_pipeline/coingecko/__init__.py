"""CoinGecko as the pipeline meets it: the Airbyte source, and the server that stands in for the API.

`sample` invents a market, `recordings` reads recorded answers, `replay` serves either over HTTP on loopback.
"""
