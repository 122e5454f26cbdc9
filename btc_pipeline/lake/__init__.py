"""Files that outlive every database: raw answers, failed runs, records of published versions.

May import: errors, market, system, settings, warehouse.
"""
