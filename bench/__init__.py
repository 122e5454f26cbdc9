"""Benchmarks: what a run costs, as ratios of commands measured side by side in one run. Not tests."""
