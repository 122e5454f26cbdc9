"""The operating system: whole files, one lock, child processes, digests, no core dumps.

May import: errors. Knows nothing of prices, settings or steps.
"""
