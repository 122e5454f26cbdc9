"""Settings: one row for each, the reader of luigi.cfg, the key, and where files lie.

May import: errors, market, system.

To add a setting, add a field to `values.Settings`: docs/extending.md has the recipe.
"""
