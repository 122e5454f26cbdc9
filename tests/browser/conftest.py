"""Each test in this folder is marked browser, and drives the machine's own Chromium, which has no network."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.watched import DESKTOP, Watched
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [
    "--disable-background-networking",  # what Chromium would ask for by itself
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium. Where there is none the tests fail, with the line that says what to install."""
    command = ["bash", str(ROOT / ".ci/chromium")]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if answer.returncode != 0:
        pytest.fail(answer.stdout.strip(), pytrace=False)
    return answer.stdout.strip()


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=OPTIONS)


@pytest.fixture(scope="session")
def axe():
    from axe_playwright_python.base import AXE_SCRIPT

    return AXE_SCRIPT


@pytest.fixture
def pictures(tmp_path):
    """The folder of pictures: SCREENSHOTS keeps them, for looking at."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def new_page(browser, axe, pictures):
    """A function that makes a watched page; `window` is DESKTOP, PHONE or other options of Playwright's."""
    contexts = []

    def make(window=DESKTOP, **options):
        contexts.append(browser.new_context(offline=True, **window, **options))
        return Watched(contexts[-1].new_page(), pictures, axe)

    yield make
    for context in contexts:
        context.close()
