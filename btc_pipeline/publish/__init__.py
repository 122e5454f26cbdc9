"""The step Publish: the tested tables become the readers' file by one rename.

May import: market, system, settings, observe, warehouse, lake.
"""
