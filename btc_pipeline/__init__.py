"""btc_pipeline: a week of Bitcoin candles that can be trusted.

`luigi --module btc_pipeline Visualize --local-scheduler` imports this package; so the tasks are named here, and
nothing else is imported.
"""

from btc_pipeline.tasks import ExtractAndLoad, Publish, Test, Transform, VerifyData, Visualize

__version__ = "1.0.0"
__all__ = ["ExtractAndLoad", "Publish", "Test", "Transform", "VerifyData", "Visualize"]
