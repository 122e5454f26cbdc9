"""A central luigid: a run that cannot reach it says so in one line, when it begins and when luigid goes away.

When it is imported, Luigi's own lines about it become ours.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import luigi
import requests
from luigi.parameter import UnconsumedParameterWarning
from luigi.retcodes import retcode
from luigi.rpc import RPCError

from btc_pipeline.errors import ConfigurationError, SchedulerError

_ANSWER_SECONDS = 5.0
_ANOTHER = "another program is there"
START = "start it (`luigid --address 127.0.0.1`), or add --local-scheduler"
_RETRIES, _PINGS = "Failed connecting to remote scheduler", "Failed pinging scheduler"
_PROGRESS, _ANSWERED = "progress", "answered"
_told: set[str] = set()


def require() -> None:
    """Whether luigid answers, if this run is Luigi's command line and has a central scheduler. Asks once.

    Raises:
        SchedulerError: there is none at its address.
        ConfigurationError: its address is no URL.
    """
    core = luigi.interface.core()
    if _ANSWERED in _told or core.local_scheduler or not _is_luigi_command():
        return
    url = core.scheduler_url or f"http://{core.scheduler_host}:{core.scheduler_port}/"
    if url.startswith("http+unix:"):
        return  # a socket in the file system: Luigi will see
    check(url)
    if reason := why_not(url):
        raise SchedulerError(f"no luigid answers at {shown(url)}: {reason}", START)
    _told.add(_ANSWERED)


def check(url: str) -> None:
    """Whether this is the URL of a luigid over HTTP.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        fix = "write it as http://HOST:PORT/, or add --local-scheduler"
        raise ConfigurationError("bad setting [core] default-scheduler-url: not a URL", fix)


def shown(url: str) -> str:
    """Host and port of a luigid, without a user and a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def why_not(url: str) -> str:
    """Why there is no luigid at this URL; empty if there is one. Asks as Luigi does, proxy and all."""
    try:
        answer = requests.post(f"{url.rstrip('/')}/api/is_pause_enabled", data={"data": "{}"}, timeout=_ANSWER_SECONDS)
        content = answer.json()
        return "" if isinstance(content, dict) and "response" in content else _ANOTHER
    except ValueError:  # what is no JSON is one, too
        return _ANOTHER
    except requests.RequestException as error:
        return _innermost(error)


def _innermost(error: BaseException) -> str:
    """What the system said, for example "Connection refused"; requests wraps it three times."""
    said = type(error).__name__
    inner: BaseException | None = error
    while inner is not None:
        said = (isinstance(inner, OSError) and inner.strerror) or said
        inner = inner.__cause__ or inner.__context__
    return said


def _is_luigi_command() -> bool:
    program = Path(sys.argv[0])
    return program.name == "luigi" or program.parts[-2:] == ("luigi", "__main__.py")


def show_progress(task: luigi.Task, percentage: int, message: str) -> None:
    """Tell luigid's visualizer how far a task is, while Luigi runs it. If luigid is gone, the work goes on."""
    if _PROGRESS in _told:
        return
    try:
        task.set_progress_percentage(percentage)  # type: ignore[misc] # Luigi's worker sets these methods
        task.set_status_message(message)  # type: ignore[misc]
    except RPCError:
        _told.add(_PROGRESS)


def _in_our_words(record: logging.LogRecord) -> bool:
    """A logging filter: that luigid is gone is told once, without a traceback, and has an exit code of its own."""
    message, error = record.getMessage(), record.exc_info[1] if record.exc_info else None
    if message.startswith(_PINGS):
        return False
    if message.startswith(_RETRIES):
        return _is_new(record, "luigid does not answer; it is asked again for a while")
    if isinstance(error, RPCError):
        retcode().unhandled_exception = SchedulerError.exit_code
        return _is_new(record, str(SchedulerError("luigid does not answer any more", "start it, and run this again")))
    return True


def _is_new(record: logging.LogRecord, message: str) -> bool:
    """Whether this is told for the first time; the record becomes the message."""
    record.msg, record.args, record.exc_info, record.exc_text = message, (), None, None
    was_told = message in _told
    _told.add(message)
    return not was_told


logging.getLogger("luigi-interface").addFilter(_in_our_words)
# It warns of keys of [core] that Luigi itself documents, and shows their values: an address may have a password
warnings.filterwarnings("ignore", ".*not consumed by the task 'core'", UnconsumedParameterWarning)
