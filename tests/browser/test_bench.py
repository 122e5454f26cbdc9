"""The bench on which the report is tested: it sees each thing that a report must not do, and nothing in a good page."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.watched import DESKTOP, PHONE
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A good page</title><meta name="viewport" content="width=device-width">
<style>body {{ margin: 0 }}</style></head>
<body><main><h1>A good page</h1>{body}</main></body>
</html>
"""

STRICT = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""


@pytest.fixture
def opened(new_page, tmp_path):
    """A function that opens a good page with something in it."""

    def open_(body="", *, head="", window=DESKTOP):
        file = tmp_path / "page.html"
        file.write_text(GOOD.format(body=body).strip().replace("</title>", f"</title>{head}"), encoding="utf-8")
        return new_page(window).open(file)

    return open_


# --- A good page


@pytest.mark.parametrize("head", ["", STRICT], ids=["without a policy", "with a strict policy"])
def test_a_good_page_is_given_no_complaint(opened, head):
    page = opened(head=head)
    assert (page.complaints, page.requests, page.violations()) == ([], [], [])


def test_pictures_of_the_page_itself_are_no_requests(opened):
    page = opened('<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">')
    assert (page.complaints, page.requests) == ([], [])


def test_scripts_run(opened):
    assert opened("<script>document.title = 'changed'</script>").page.title() == "changed"


# --- The console


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>console.error('wrong')</script>", "error: wrong"),
        ("<script>console.warn('odd')</script>", "warning: odd"),
        ("<script>setTimeout(() => { throw new Error('thrown') })</script>", "uncaught: thrown"),
        ("<script>Promise.reject(new Error('rejected'))</script>", "uncaught: rejected"),
    ],
    ids=["an error", "a warning", "an uncaught error", "a rejected promise"],
)
def test_the_bench_sees_on_the_console(opened, body, complaint):
    assert opened(body).complaints == [complaint]


def test_the_bench_sees_what_a_policy_has_blocked(opened):
    (complaint,) = opened("<script>document.title = 'changed'</script>", head=STRICT).complaints
    assert "Content Security Policy" in complaint


# --- The network

ASKS = {
    "a picture": ('<img alt="" src="https://example.invalid/a.png">', "https://example.invalid/a.png"),
    "a style": ("<style>@import 'https://example.invalid/a.css'</style>", "https://example.invalid/a.css"),
    "a font": (
        "<style>@font-face { font-family: a; src: url(https://example.invalid/a.woff2) } h1 { font-family: a }</style>",
        "https://example.invalid/a.woff2",
    ),
    "a script": ("<script src='https://example.invalid/a.js'></script>", "https://example.invalid/a.js"),
    "a prefetch": ("<link rel='prefetch' href='https://example.invalid/a.html'>", "https://example.invalid/a.html"),
    "fetch": ("<script>fetch('http://127.0.0.1:9/a')</script>", "http://127.0.0.1:9/a"),
    "a beacon": ("<script>navigator.sendBeacon('http://127.0.0.1:9/b')</script>", "http://127.0.0.1:9/b"),
    "a socket": ("<script>new WebSocket('ws://127.0.0.1:9/s')</script>", "ws://127.0.0.1:9/s"),
    "a frame": ("<iframe title='a' src='https://example.invalid/'></iframe>", "https://example.invalid/"),
}


@pytest.mark.parametrize("kind", ASKS)
def test_the_bench_sees_a_request_for(kind, opened):
    body, address = ASKS[kind]
    assert opened(body).requests == [address]


def test_the_bench_sees_a_request_for_another_file(opened, tmp_path):
    assert opened('<img alt="" src="other.png">').requests == [(tmp_path / "other.png").as_uri()]


# --- Accessibility


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<img src="data:,">', "image-alt (critical)"),
        ("<button></button>", "button-name (critical)"),
        ('<p style="color: #aaa; background: #fff">hardly to be read</p>', "color-contrast (serious)"),
    ],
    ids=["a picture without a text", "a button without a name", "grey on white"],
)
def test_the_bench_sees(opened, body, rule):
    (violation,) = opened(body).violations()
    assert violation.startswith(rule)


def test_the_bench_sees_what_is_wrong_under_a_strict_policy(opened):
    (violation,) = opened("<button></button>", head=STRICT).violations()
    assert violation.startswith("button-name (critical)")


# --- Windows and pictures


@pytest.mark.parametrize(("window", "width"), [(DESKTOP, 1280), (PHONE, 390)], ids=["desktop", "phone"])
def test_a_good_page_is_as_wide_as_the_window(opened, window, width):
    assert opened(window=window).width_of_content() == width


def test_the_bench_sees_a_page_that_is_too_wide_for_a_phone(opened):
    assert opened('<div style="width: 500px">wide</div>', window=PHONE).width_of_content() > 390


def test_a_picture_is_kept_for_looking_at(opened):
    assert opened().picture("good").read_bytes().startswith(b"\x89PNG")


# --- Which Chromium


def find_chromium(**environment):
    command = ["/bin/bash", str(ROOT / ".ci/chromium")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_without_a_chromium_one_line_says_what_to_install(tmp_path):
    for name in ("timeout", "bash"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    result = find_chromium(PATH=str(tmp_path))
    assert (result.returncode, len(result.stdout.splitlines()), result.stderr) == (1, 1, "")
    assert "apt install chromium" in result.stdout


def test_the_chromium_asked_for_is_taken_or_refused_never_replaced(chromium):
    assert find_chromium(PATH=os.environ["PATH"], CHROMIUM=chromium).stdout.strip() == chromium
    refused = find_chromium(PATH=os.environ["PATH"], CHROMIUM="/nowhere/chromium")
    assert (refused.returncode, "CHROMIUM=/nowhere/chromium" in refused.stdout) == (1, True)
