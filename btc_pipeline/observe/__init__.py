"""The log, what became of this run's steps, and the journal of past ones.

May import: errors, market, system, settings.
"""
