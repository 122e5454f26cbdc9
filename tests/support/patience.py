"""How long tests wait for what has to come: wide, so that a busy machine fails no test. Nothing is measured with it."""

PATIENCE = 600.0
"""Seconds: so long may a program take, or something else that a test waits for; longer is an error."""
