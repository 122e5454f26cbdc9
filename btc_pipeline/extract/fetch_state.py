"""What the connector has reported so far: which answer lies where, and which request failed.

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

    def __init__(self, asked: Sequence[raw_archive.Request], progress: Progress | None) -> None:
        self.asks = {
            stream: {str(number): request for number, request in enumerate(asked) if request.stream == stream}
            for stream in STREAMS
        }
        self.left = self.asks
        self._total, self._progress = len(asked), progress
        self._files: dict[tuple[str, str], str] = {}
        self._refused: dict[tuple[str, str], str] = {}

    def ask_on(self) -> None:
        """Another sync, after one whose cache was damaged: requests without an answer, and at least one for prices."""
        self.left = {
            stream: {number: request for number, request in asks.items() if (stream, number) not in self._files}
            for stream, asks in self.asks.items()
        }
        if not self.left[MARKET_CHART]:
            self.left[MARKET_CHART] = dict(list(self.asks[MARKET_CHART].items())[:1])

    def note(self, event: child_process.Json) -> None:
        """Take in an event of the connector."""
        if "waits_seconds" in event:
            self._say(f"waits {event['waits_seconds']:.0f} s: {event['why']}")
            return
        ask = event["stream"], event["number"]
        if ask[1] in self.asks.get(ask[0], {}):
            if "file" in event:
                self._files[ask] = event["file"]
            else:
                self._refused[ask] = event["refused"]
            self._say(str(self.asks[ask[0]][ask[1]].pair))

    def entries(self, workspace: Workspace, stream: str, *, is_last_sync: bool = False) -> list[raw_archive.Entry]:
        """The archived answers of a stream, in the order in which they were requested; all, or of the last sync."""
        asked = self.left if is_last_sync else self.asks
        numbers = sorted((number for of, number in self._files if of == stream and number in asked[of]), key=int)
        return [raw_archive.entry(workspace.raw, self._files[stream, number]) for number in numbers]

    def refused(self, stream: str) -> list[tuple[raw_archive.Request, str]]:
        """The requests of a stream without an answer, and why."""
        return [
            (request, self._refused.get((stream, number), "the connector brought no answer"))
            for number, request in self.asks[stream].items()
            if (stream, number) not in self._files
        ]

    def warn_of_extras(self) -> None:
        """Log what is missing: one line for each reason."""
        without_prices = {request.pair for request, _ in self.refused(MARKET_CHART)}
        for stream, row in STREAMS.items():
            if row.is_needed:
                continue
            reasons: dict[str, list[Pair]] = {}
            for request, why in self.refused(stream):
                if request.pair in without_prices:
                    continue  # whose own error says it
                reasons.setdefault(why, []).append(request.pair)
            for why in sorted(reasons):
                of = ", ".join(sorted({pair.coin_id for pair in reasons[why]}))
                log.warning("ExtractAndLoad goes on without %s on %s: %s", row.what, of, why)

    def _say(self, what: str) -> None:
        if self._progress:
            self._progress(len(self._files) + len(self._refused), self._total, what)
