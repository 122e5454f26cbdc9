"""luigi.cfg, the key, and where files lie."""
