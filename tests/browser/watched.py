"""A page in a real Chromium, watched: what it logs, what it asks for, what an accessibility check finds, how it looks.

Knows no report and judges nothing. Playwright is imported by conftest.py, when a browser is wanted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

COMPLAINTS = {"error", "warning", "assert"}
"""Kinds of console messages that a good page does not cause."""

NO_NETWORK = ("data:", "blob:")
"""What is fetched from the page itself."""

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}


@dataclass
class Watched:
    """A page that is watched from its first request on. `page` is Playwright's, for all that a person would do."""

    page: Page
    pictures: Path
    """The folder for its pictures."""
    axe: str
    """The source of axe-core."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, what a Content-Security-Policy has blocked included, and uncaught errors."""
    requests: list[str] = field(default_factory=list)
    """Addresses that were asked for, other than the file that was opened."""
    _file: str = ""

    def __post_init__(self):
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self._note_request(request.url))
        self.page.on("websocket", lambda socket: self._note_request(socket.url))

    def open(self, file: Path) -> Watched:
        """Open a file, and come back when it has loaded and drawn twice."""
        self._file = file.resolve().as_uri()
        self.page.goto(self._file)
        self.settle()
        return self

    @property
    def file(self) -> Path:
        """The file that was opened."""
        return Path(self._file.removeprefix("file://"))

    def settle(self) -> None:
        """Come back when what was asked of the page is drawn."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def violations(self) -> list[str]:
        """What axe-core finds serious or critical: rule, impact, and the elements."""
        self.page.evaluate(self.axe)
        found = json.loads(self.page.evaluate("async () => JSON.stringify((await axe.run()).violations)"))
        return [
            f"{each['id']} ({each['impact']}): {', '.join(str(node['target']) for node in each['nodes'])}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    def width_of_content(self) -> int:
        """How wide the page is, in CSS pixels: more than the window's width has to be scrolled sideways."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth"))

    def picture(self, name: str) -> Path:
        """Take a picture of the whole page, for looking at."""
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in COMPLAINTS:
            self.complaints.append(f"{message.type}: {message.text}")

    def _note_request(self, url: str) -> None:
        if url.partition("#")[0] != self._file and not url.startswith(NO_NETWORK):
            self.requests.append(url)
