"""The dbt process, with slices so small that the history of a test needs several; killed after so many, if told so."""

import os

from btc_pipeline.system import child_process
from btc_pipeline.transform import dbt_process, slices
from btc_pipeline.transform.dbt_session import Dbt

KILLED_AFTER = "TEST_KILLED_AFTER_SLICES"


def progress(done, total, what):
    """Report as ever; each slice is reported once it is made."""
    child_process.send_progress(done, total, what)
    reported.append(what)
    if str(len(reported)) == os.environ.get(KILLED_AFTER):
        os._exit(9)


reported = []

if __name__ == "__main__":
    slices.POINTS, slices.FEW_DAYS = 300, 10
    build = slices.build
    slices.build = lambda database, run, _: build(database, run, progress)
    child_process.serve(Dbt, dbt_process.work)
