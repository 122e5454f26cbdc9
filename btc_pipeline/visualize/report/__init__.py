"""The report of a run: one HTML file that needs nothing beside it, the same facts as JSON, an index of past runs.

May import: market, system, settings, warehouse.

    facts    what the published database says, and nothing else
    verdict  the four answers at a glance: the price, the trust, the freshness, what was odd
    series   the candles of each coin, packed for the page
    page     the HTML
    index    the list of past runs

Data runs down this list; `write` puts the files in their places.
"""
