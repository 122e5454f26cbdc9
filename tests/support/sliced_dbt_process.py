"""The dbt process, with slices so small that the history of a test needs several; killed after so many, if told so."""

import os

from btc_pipeline.system import child_process
from btc_pipeline.transform import dbt_process, slices
from btc_pipeline.transform.dbt_session import Dbt

KILLED_AFTER = "BTC_PIPELINE_TEST_KILLED_AFTER_SLICES"

_reported: list[str] = []
_send = child_process.send_progress


def _report(done: int, total: int, what: str) -> None:
    """Each slice is reported once it is made."""
    _send(done, total, what)
    if what.startswith("points up to"):
        _reported.append(what)
        if str(len(_reported)) == os.environ.get(KILLED_AFTER):
            os._exit(9)


if __name__ == "__main__":
    slices.POINTS, slices.FEW_DAYS = 300, 10
    child_process.send_progress = _report
    child_process.serve(Dbt, dbt_process.work)
