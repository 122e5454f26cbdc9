"""DuckDB: who opens it, the published contract, and who reads the published file.

May import: errors, market, system, settings.
"""
