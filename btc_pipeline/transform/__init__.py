"""The steps Transform and Test: loading the archive, running dbt, judging its tests."""
