"""`btc-pipeline doctor`: does a run have all it needs? Each module has the checks of one subject."""
