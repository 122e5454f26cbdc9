"""`btc-pipeline doctor`: does a run have all it needs? One check, one line: ok, warning or failed, and what to do.

If the source is live, it calls CoinGecko once and enters that in the call ledger. It changes nothing else. It never
shows the key.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from btc_pipeline.coingecko import network_variables, ping
from btc_pipeline.commands import packages
from btc_pipeline.errors import SUCCESS, ConfigurationError, ExtractionError, PipelineError, PublishingError
from btc_pipeline.observe import log
from btc_pipeline.settings import reader
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import command_line
from btc_pipeline.system import lock
from btc_pipeline.system.project import IS_INSTALLED
from btc_pipeline.terminal import stdout, summary
from btc_pipeline.warehouse import database_errors, duckdb_files, duckdb_release, published

if TYPE_CHECKING:
    from btc_pipeline.terminal.stdout import Line, Style

_INSTALL = "install btc_pipeline again" if IS_INSTALLED else "make clean install"
_INSTALL_FOR_PYTHON = "install it for one of these" if IS_INSTALLED else "make install PYTHON=python3.11"
_PYTHONS = ((3, 10), (3, 12))
_PROBE_SECONDS = 3.0
_CLOCK_SECONDS = 60
_ROOM_MIB = 200
_STYLES: dict[str, Style] = {"ok": "", "warning": "strong", "failed": "bad"}


@dataclass(frozen=True)
class Check:
    """What one check has found. `code` is the exit code that it stands for if it failed."""

    name: str
    state: Literal["ok", "warning", "failed"]
    facts: str
    fix: str = ""
    code: int = ConfigurationError.exit_code


def all_checks() -> list[Check]:
    """All checks, in the order in which a run would need what they check; bad settings end the list."""
    found = [_python(), _packages(), _programs()]
    try:
        configured = reader.load()
    except PipelineError as error:
        return [*found, Check("settings", "failed", error.what, error.fix)]
    workspace = Workspace(configured.data_dir, configured.source)
    return [
        *found,
        _looked("settings", _settings),
        _duckdb(duckdb_files.VERSION, configured.instant().date()),
        _looked("data folder", lambda: _folder(workspace)),
        _looked("disk", lambda: _disk(workspace)),
        _looked("lock", lambda: _lock(workspace)),
        _looked("key", lambda: _key(configured)),
        *_network(configured, workspace),
        _looked("published", lambda: _published(workspace)),
    ]


def exit_code(checks: Sequence[Check]) -> int:
    """0 if nothing failed; else the smallest of the codes."""
    return min((check.code for check in checks if check.state == "failed"), default=SUCCESS)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """As one JSON object."""
    named = [{name: value for name, value in asdict(check).items() if name != "code"} for check in checks]
    return {"exit_code": exit_code(checks), "checks": named}


def lines(checks: Sequence[Check]) -> list[Line]:
    """A line for each check."""
    width = max(len(check.name) for check in checks)
    return [
        [
            (f"{check.state:8} ", _STYLES[check.state]),
            (f"{check.name.ljust(width)}  {check.facts}", ""),
            (f". Next: {check.fix}" if check.fix else "", "strong"),
        ]
        for check in checks
    ]


def _looked(name: str, check: Callable[[], Check]) -> Check:
    """One check; it fails if the system does not let us look."""
    try:
        return check()
    except OSError as error:
        return Check(name, "failed", f"cannot be examined: {error}", "correct it, e.g. [pipeline] data_dir")


def _python() -> Check:
    shown = ".".join(map(str, sys.version_info[:3]))
    if _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        return Check("Python", "ok", shown)
    return Check("Python", "failed", f"{shown}; 3.10, 3.11 or 3.12 are needed", _INSTALL_FOR_PYTHON)


def _packages() -> Check:
    """Whether all packages are there, and whether the installed versions are those that are required."""
    if missing := packages.missing():
        return Check("packages", "failed", f"not installed: {', '.join(missing)}", _INSTALL)
    required_by, fitting, differing = packages.compared()
    if differing:
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        facts = f"not as {required_by} requires them: {', '.join(differing[:3])}{more}"
        return Check("packages", "warning", facts, _INSTALL)
    return Check("packages", "ok", f"{fitting} as {required_by} requires them")


def _programs() -> Check:
    folder = Path(sys.executable).parent
    missing = [name for name in ("dbt", "luigi") if not os.access(folder / name, os.X_OK)]
    if missing:
        return Check("commands", "failed", f"{', '.join(missing)} not in {folder}", _INSTALL)
    return Check("commands", "ok", f"dbt and luigi in {summary.near(folder)}")


def _settings() -> Check:
    files = reader.files_read()
    if not files:
        return Check("settings", "ok", "the defaults: there is no luigi.cfg in this folder")
    return Check("settings", "ok", f"{', '.join(map(str, files))}, valid")


def _duckdb(version: str, today: date) -> Check:
    """Whether DuckDB can be trusted with a long history, and whether the choice of its version is old."""
    if duckdb_release.crashes_with_threads(version):
        facts = f"{version} can crash on a long history, so it works with one thread"
        return Check("DuckDB", "warning", facts, duckdb_release.HOW_TO_OVERRIDE)
    if today >= duckdb_release.DECIDE_AGAIN:
        facts = f"{version} was chosen against airbyte's pin; from {duckdb_release.DECIDE_AGAIN} on, choose again"
        return Check("DuckDB", "warning", facts, "look for a newer btc_pipeline, or see docs/decisions/0014")
    return Check("DuckDB", "ok", version)


def _folder(workspace: Workspace) -> Check:
    there = _nearest(workspace.root)
    if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return Check("data folder", "failed", f"{there} cannot be written", "correct its rights or [pipeline] data_dir")
    others = [
        path for path in (workspace.temporary, workspace.work.parent, workspace.markers, workspace.runs)
        if path.exists() and path.stat().st_dev != workspace.root.stat().st_dev
    ]  # fmt: skip
    if others:
        return Check(
            "data folder",
            "failed",
            f"{others[0]} is on another file system than {workspace.root}: nothing can be renamed into place",
            "put all of the data folder on one",
        )
    return Check("data folder", "ok", f"{workspace.root}{'' if workspace.root.exists() else ', which a run makes'}")


def _disk(workspace: Workspace) -> Check:
    """For a moment, a run holds each database twice, and dbt's database too."""
    used = sum(path.stat().st_size for path in (workspace.cache, workspace.work, workspace.published) if path.exists())
    needed = _ROOM_MIB + 3 * used // 2**20
    free = shutil.disk_usage(_nearest(workspace.root)).free // 2**20
    facts = f"{free:,} MiB free, a run needs about {needed:,}"
    return Check("disk", "ok", facts) if free > needed else Check("disk", "failed", facts, "free some space")


def _lock(workspace: Workspace) -> Check:
    holder = lock.holder(workspace.lock)
    if holder is None:
        return Check("lock", "ok", "no run is at work")
    who = " ".join(f"{name}={value}" for name, value in holder.items())
    return Check("lock", "warning", f"a run is at work: {who}", "wait for it to end")


def _key(configured: Settings) -> Check:
    if configured.is_sample or configured.plan == "keyless":
        return Check("key", "ok", f"none is needed: {'sample data' if configured.is_sample else 'plan keyless'}")
    try:
        configured.api_key()
    except PipelineError as error:
        return Check("key", "failed", error.what, error.fix)
    place = configured.api_key_file or "the environment"
    return Check("key", "ok", f"plan {configured.plan}, a key in {place}, for its owner only")


def _network(configured: Settings, workspace: Workspace) -> Iterator[Check]:
    """The API, and the clock, compared with the date in the API's answer."""
    if configured.is_sample:
        yield Check("API", "ok", "not called: sample data")
        yield Check("clock", "ok", "not checked: sample data")
        return
    try:
        network_variables.check(configured.base_url)
    except ConfigurationError as error:
        yield Check("network", "failed", error.what, error.fix)
        return
    reached = ping.reach(configured.base_url, _PROBE_SECONDS)
    if reached is None:
        facts = f"{configured.base_url} does not answer in {_PROBE_SECONDS:g} s"
        fix = "check the network; offline: --pipeline-source sample"
        yield Check("API", "failed", facts, fix, ExtractionError.exit_code)
    elif ping.enter(configured.base_url, configured.plan, workspace.calls):
        yield Check("API", "ok", f"{configured.base_url} answers")
    else:
        facts = f"{configured.base_url} answers, but the call ledger was damaged; it counts from 0 again"
        yield Check("API", "warning", facts)
    if reached is None or reached.date is None:
        yield Check("clock", "warning", "not checked: no answer had a date")
        return
    off = (datetime.now(timezone.utc) - reached.date).total_seconds()
    if abs(off) > _CLOCK_SECONDS:
        yield Check("clock", "failed", f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'}", "set it, e.g. by NTP")
    else:
        yield Check("clock", "ok", f"within {_CLOCK_SECONDS} s of the API's")


def _published(workspace: Workspace) -> Check:
    try:
        (rows,) = published.read(workspace.published, "select count(*) as candles from daily_candlestick")
    except ConfigurationError as error:
        return Check("published", "warning", error.what, error.fix)
    except (database_errors.DatabaseError, OSError) as error:
        return Check("published", "failed", str(error), "run the pipeline again", PublishingError.exit_code)
    return Check("published", "ok", f"{rows[0]['candles']} candles in {summary.near(workspace.published)}")


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())


def show(luigi_arguments: Sequence[str], *, is_json: bool) -> int:
    """All checks; they go on if the settings are bad."""
    log.hush()
    try:
        with command_line.applied(luigi_arguments):
            found = all_checks()
    except SystemExit as ended:
        return int(ended.code or 0)
    if is_json:
        stdout.write_text(json.dumps(as_json(found)))
    else:
        stdout.write(lines(found))
    return exit_code(found)
