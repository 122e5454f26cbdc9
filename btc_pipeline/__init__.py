"""btc_pipeline: a week of Bitcoin candles that can be trusted.

`luigi --module btc_pipeline Visualize --local-scheduler` imports this package, so the tasks are named here.
"""

import os

__version__ = "1.0.0"
__all__ = [
    "Backfill",
    "ExtractAndLoad",
    "ExtractCoin",
    "ExtractHistory",
    "Publish",
    "Test",
    "Transform",
    "VerifyData",
    "Visualize",
]

# A run's child processes (children.py) need one module each and no task; importing Luigi would cost each 0.2 s.
if "BTC_PIPELINE_CHILD" not in os.environ:
    from btc_pipeline.history_tasks import Backfill, ExtractHistory
    from btc_pipeline.tasks import ExtractAndLoad, ExtractCoin, Publish, Test, Transform, VerifyData, Visualize
