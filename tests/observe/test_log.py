"""The log: a line that cannot be written is lost, and nothing else."""

import subprocess
import sys

FAILS_ONCE = """
import sys
from btc_pipeline.observe import log

class Disk:
    is_full = True
    def write(self, text):
        if self.is_full:
            self.is_full = False
            raise OSError(28, "No space left on device")
        return sys.__stderr__.write(text)
    def flush(self):
        sys.__stderr__.flush()

sys.stderr = Disk()
log.prepare()
log.error("lost")
log.error("told")
"""


def test_a_line_that_cannot_be_written_is_lost_without_a_traceback():
    command = [sys.executable, "-c", FAILS_ONCE]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    (line,) = ended.stderr.splitlines()
    assert line.endswith("ERROR told")
