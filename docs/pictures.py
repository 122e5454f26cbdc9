"""`make pictures`: the pictures of the README, drawn anew by the pipeline itself, from sample data of a fixed day.

Runs the commands that a person types, in a temporary folder; the same versions give the same pictures.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from btc_pipeline.coingecko import sample_coins

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


REPORT = "report.png"
"""The report of the first run, as a browser shows it."""


def main() -> None:
    """Draw all pictures and put them into docs/."""
    with tempfile.TemporaryDirectory() as folder:
        _luigi(folder, "Backfill", "--start", HISTORY, "--pipeline-coins", "bitcoin")
        for picture in PICTURES:
            _luigi(folder, "Visualize", "--pipeline-coins", picture.coins, *picture.options)
            shutil.copyfile(Path(folder) / "sample" / "charts" / picture.made_as, DOCS / picture.name)
            if picture is PICTURES[0]:
                _photograph(Path(folder) / "sample" / "report" / f"{DAY}.html", DOCS / REPORT)


def _photograph(report: Path, picture: Path) -> None:
    """What is seen of the report first, and that its clock stands at the run's instant."""
    from playwright.sync_api import sync_playwright

    chromium = subprocess.run(["bash", DOCS.parent / ".ci/chromium"], capture_output=True, text=True, check=False)
    if chromium.returncode:
        sys.exit(chromium.stdout.strip())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.stdout.strip(), args=["--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 1010})
        page.clock.set_fixed_time(NOW)
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-shown]")
        page.get_by_role("button", name="30 D").click()
        page.wait_for_timeout(500)  # it draws
        page.screenshot(path=picture)
        browser.close()


def _luigi(folder: str, *step: str) -> None:
    """Run a step as on Luigi's command line; its errors are its own lines on stderr."""
    settings = ("--pipeline-source", "sample", "--pipeline-now", NOW, "--pipeline-data-dir", folder)
    command = [sys.executable, "-m", "luigi", "--module", "btc_pipeline", *step, *settings, "--local-scheduler"]
    code = subprocess.run(command, cwd=DOCS.parent, check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
