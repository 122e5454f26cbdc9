"""What the connector has reported so far: the file of each answer, and which requests failed.

Listens to events; reads the archive's manifests. Starts no process.
"""

from __future__ import annotations

from collections.abc import Sequence

from btc_pipeline.coingecko.streams import MARKET_CHART, STREAMS
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.observe import log
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import child_process
from btc_pipeline.system.child_process import Progress


class FetchState:
    """The requests, and what the connector has reported about them so far."""

    def __init__(self, wanted: Sequence[raw_archive.Request], progress: Progress | None) -> None:
        self.requests = {
            stream: {str(number): request for number, request in enumerate(wanted) if request.stream == stream}
            for stream in STREAMS
        }
        self.left = self.requests
        self._total, self._progress = len(wanted), progress
        self._files: dict[tuple[str, str], str] = {}
        self._failed: dict[tuple[str, str], str] = {}

    def go_on(self) -> None:
        """Prepare another sync after a damaged cache: the requests without an answer, and at least one for prices."""
        self.left = {
            stream: {number: request for number, request in requests.items() if (stream, number) not in self._files}
            for stream, requests in self.requests.items()
        }
        if not self.left[MARKET_CHART]:
            self.left[MARKET_CHART] = dict(list(self.requests[MARKET_CHART].items())[:1])

    def note(self, event: child_process.Json) -> None:
        """Take in an event of the connector."""
        if "waits_seconds" in event:
            self._say(f"waits {event['waits_seconds']:.0f} s: {event['why']}")
            return
        key = event["stream"], event["number"]
        if key[1] in self.requests.get(key[0], {}):
            if "file" in event:
                self._files[key] = event["file"]
            else:
                self._failed[key] = event["failed"]
            self._say(str(self.requests[key[0]][key[1]].pair))

    def entries(self, workspace: Workspace, stream: str, *, is_last_sync: bool = False) -> list[raw_archive.Entry]:
        """The archived answers of a stream, in the order of their requests: all, or those of the last sync."""
        sent = self.left if is_last_sync else self.requests
        numbers = sorted((number for of, number in self._files if of == stream and number in sent[of]), key=int)
        return [raw_archive.entry(workspace.raw, self._files[stream, number]) for number in numbers]

    def failed(self, stream: str) -> list[tuple[raw_archive.Request, str]]:
        """The requests of a stream without an answer, and why."""
        return [
            (request, self._failed.get((stream, number), "the connector brought no answer"))
            for number, request in self.requests[stream].items()
            if (stream, number) not in self._files
        ]

    def warn_of_extras(self) -> None:
        """Log what is missing: one line for each reason."""
        without_prices = {request.pair for request, _ in self.failed(MARKET_CHART)}
        for stream, row in STREAMS.items():
            if row.is_needed:
                continue
            reasons: dict[str, list[Pair]] = {}
            for request, why in self.failed(stream):
                if request.pair in without_prices:
                    continue  # its own error says so
                reasons.setdefault(why, []).append(request.pair)
            for why in sorted(reasons):
                of = ", ".join(sorted({pair.coin_id for pair in reasons[why]}))
                log.warning("ExtractAndLoad goes on without %s on %s: %s", row.what, of, why)

    def _say(self, what: str) -> None:
        if self._progress:
            self._progress(len(self._files) + len(self._failed), self._total, what)
