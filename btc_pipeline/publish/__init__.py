"""The step Publish: the tested tables become the readers' file by one rename.

May import: errors, market, system, settings, observe, warehouse, lake.
"""
