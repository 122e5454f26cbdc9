"""luigi.cfg, the key, and where files lie.

May import: errors, market, system.
"""
