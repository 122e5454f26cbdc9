"""Recording: real answers of the API, kept byte for byte in the form that the replay server serves.

The answers come through the same connector as a run's, into a temporary folder; no key is in them.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from datetime import date, datetime
from pathlib import Path

from btc_pipeline.coingecko.streams import CHART_5M, OHLC
from btc_pipeline.errors import ConfigurationError, ExtractionError
from btc_pipeline.extract import fetch, requests
from btc_pipeline.lake import raw_archive
from btc_pipeline.market import instants
from btc_pipeline.settings.values import Settings
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files
from btc_pipeline.verify import gate

_SERIES = {"5-minute": "5min", "hourly": "hourly"}
_COIN = re.compile(r"[a-z0-9-]+")


def record(settings: Settings, folder: Path) -> tuple[list[Path], datetime]:
    """Request the week up to now of each coin and keep the answers in `folder`.

    Returns:
        The files, named as `coingecko/simulator/recordings.py` reads them, and the instant to replay them as of (UTC).

    Raises:
        ConfigurationError: the source is not live, a coin's id can't be in a file's name, or there is another
            recording under the name.
        ExtractionError: CoinGecko gave no answer, or one that the gate rejects.
    """
    if settings.is_sample:
        raise ConfigurationError("samples are not recorded", "use --live")
    for coin in settings.coins:
        if not _COIN.fullmatch(coin):
            raise ConfigurationError(
                f"{coin} cannot be recorded: a file's name takes a-z, 0-9 and -", "run it without this coin"
            )
    day = settings.today()
    with tempfile.TemporaryDirectory(prefix="btc-pipeline-record-") as scratch:
        workspace = Workspace(Path(scratch), settings.source)
        fetched = fetch.fetch(settings, workspace, requests.of_run(settings, day, settings.instant(), settings.pairs))
        bodies: dict[Path, bytes] = {}
        if fetched.failed:
            raise fetched.failed[0][1]
        for each in [*fetched.charts, *fetched.of_stream[CHART_5M]]:
            body = each.read(workspace.raw)
            bodies[folder / _name(each.request, body, day)] = body
        bodies |= {folder / _ohlc_name(each.request, day): each.read(workspace.raw) for each in fetched.of_stream[OHLC]}
    for path, body in bodies.items():
        if path.exists() and path.read_bytes() != body:
            raise ConfigurationError(f"there is another recording: {path}", "name another folder, or remove it")
    for path, body in bodies.items():
        files.write(path, body)
    return sorted(bodies), max(each.request.extracted_at for each in fetched.charts)


def _name(request: raw_archive.Request, body: bytes, day: date) -> str:
    try:
        found = gate.market_chart(request, body)
    except gate.BadAnswerError as error:
        raise ExtractionError(f"the answer for {request.coin_id} is not kept: {error}", "run it again later") from None
    series = _SERIES[found.granularity]
    days = (request.window_to.date() - request.window_from.date()).days
    return f"{request.coin_id}_{request.vs_currency}_{days}d_{series}_{day.isoformat()}.json"


def _ohlc_name(request: raw_archive.Request, day: date) -> str:
    days = (request.window_to - request.window_from).days
    return f"{request.coin_id}_{request.vs_currency}_{days}d_ohlc_{day.isoformat()}.json"


def text(configured: Settings, folder: Path) -> str:
    """The recordings that were made, and how to replay them."""
    made, instant = record(configured, folder)
    return "\n".join(
        [
            *map(str, made),
            "replay them: btc-pipeline run --sample"
            f" --pipeline-recordings {shlex.quote(str(folder))} --pipeline-now {instants.text(instant)}",
        ]
    )
