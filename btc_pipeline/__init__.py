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
    "ProveHistory",
    "Publish",
    "Test",
    "Transform",
    "VerifyData",
    "Visualize",
]

# A child process (system/child_process.py) needs one module and no task; importing Luigi would cost it 0.2 s.
if "BTC_PIPELINE_CHILD" not in os.environ:
    from btc_pipeline.system import import_path

    is_command = import_path.is_command()
    if is_command:
        import_path.put_foreign_last()  # before any other import: a file of somebody's may have the name of a module
    from btc_pipeline.system import signals, start

    try:
        if is_command:
            signals.take_over()  # the imports take most of the time of a short command
            from btc_pipeline.observe import first_look

            first_look.take()

        from btc_pipeline.tasks import (
            Backfill,
            ExtractAndLoad,
            ExtractCoin,
            ExtractHistory,
            ProveHistory,
            Publish,
            Test,
            Transform,
            VerifyData,
            Visualize,
        )
    except Exception as error:
        start.explain(error)
        raise
