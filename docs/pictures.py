"""`make pictures`: the pictures of the README, drawn anew by the pipeline itself, from sample data of a fixed day.

Runs the commands that a person types, in a temporary folder; the same versions give the same pictures.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from btc_pipeline.coingecko.simulator import coins as sample_coins
from tests.support import pseudo_terminal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS = Path(__file__).resolve().parent
NOW = "2026-05-15T14:42:23Z"
DAY = "2026-05-15"
HISTORY = "2026-04-01"
COINS = ",".join([*sample_coins.COINS][:12])  # the first dozen: prices of all sizes


@dataclass(frozen=True)
class Picture:
    """A file of docs/, and the run that makes it: its coins, further options, and what it is called there."""

    name: str
    made_as: str
    coins: str = "bitcoin"
    options: tuple[str, ...] = ()


PICTURES = (
    Picture("week.png", f"bitcoin_usd_{DAY}.png"),
    Picture("week-dark.png", f"bitcoin_usd_{DAY}.png", options=("--chart-style", "dark")),
    Picture("overview.png", f"overview_{DAY}.png", COINS),
)
"""In this order: runs of one folder build on each other, and the first has fetched the history."""


REPORT, TERMINAL = "report.png", "terminal.png"
"""The report of the first run, as a browser shows it, and what its command shows on a terminal."""

COLUMNS = 100
PAGE = """
<style>
  body {{ margin: 0; background: #16191d; width: max-content }}
  pre {{ margin: 0; padding: 18px 22px; color: #d8dee6; font: 16px/18px "DejaVu Sans Mono", monospace;
         letter-spacing: -0.633px }}
</style>
<pre id="terminal"><b>$ {command}</b>

{code}</pre>
"""
"""A terminal; letters of its font are whole pixels wide and high here, so that the blocks of a candle touch."""


def main() -> None:
    """Draw all pictures and put them into docs/."""
    with tempfile.TemporaryDirectory() as folder:
        _luigi(folder, "Backfill", "--start", HISTORY, "--pipeline-coins", "bitcoin")
        for picture in PICTURES:
            _luigi(folder, "Visualize", "--pipeline-coins", picture.coins, *picture.options)
            shutil.copyfile(Path(folder) / "sample" / "charts" / picture.made_as, DOCS / picture.name)
            if picture is PICTURES[0]:
                with _browser() as browser:
                    _photograph(browser, Path(folder) / "sample" / "report" / f"{DAY}.html", DOCS / REPORT)
                    _photograph_terminal(browser, _terminal(), DOCS / TERMINAL)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    chromium = subprocess.run(["bash", DOCS.parent / ".ci/chromium"], capture_output=True, text=True, check=False)
    if chromium.returncode:
        sys.exit(chromium.stdout.strip())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.stdout.strip(), args=["--disable-gpu"])
        yield browser
        browser.close()


def _photograph(browser: Browser, report: Path, picture: Path) -> None:
    """What is seen of the report first, and that its clock stands at the run's instant."""
    page = browser.new_page(viewport={"width": 1280, "height": 1010})
    page.clock.set_fixed_time(NOW)
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-shown]")
    page.get_by_role("button", name="30 D").click()
    page.wait_for_timeout(500)  # it draws
    page.screenshot(path=picture)


def _terminal() -> str:
    """What a first `make run` shows on a terminal, in the data folder that a person has."""
    program = str(Path(sys.executable).with_name("btc-pipeline"))
    colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(COLUMNS)}
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | colours
    with tempfile.TemporaryDirectory() as folder:
        shown = pseudo_terminal.shown([program, "run", *_settings(folder)], environment)
    return shown.replace(f" --pipeline-data-dir {folder}", "").replace(folder, "data")


def _photograph_terminal(browser: Browser, shown: str, picture: Path) -> None:
    from rich.console import Console
    from rich.terminal_theme import MONOKAI
    from rich.text import Text

    console = Console(record=True, width=200, file=io.StringIO())
    console.print(Text.from_ansi(shown), highlight=False)
    code = console.export_html(theme=MONOKAI, inline_styles=True, code_format="{code}")
    page = browser.new_page()
    page.set_content(PAGE.format(command="make run", code=code.strip("\n")))
    page.locator("#terminal").screenshot(path=picture)


def _luigi(folder: str, *step: str) -> None:
    """Run a step as on Luigi's command line; its errors are its own lines on stderr."""
    command = [
        sys.executable,
        "-m",
        "luigi",
        "--module",
        "btc_pipeline",
        *step,
        *_settings(folder),
        "--local-scheduler",
    ]
    code = subprocess.run(command, cwd=DOCS.parent, check=False).returncode
    if code:
        sys.exit(code)


def _settings(folder: str) -> tuple[str, ...]:
    return "--pipeline-source", "sample", "--pipeline-now", NOW, "--pipeline-data-dir", folder


if __name__ == "__main__":
    main()
