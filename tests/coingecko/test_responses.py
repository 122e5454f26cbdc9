"""What CoinGecko answers: market charts told from refusals, its own words in each shape, and Retry-After."""

import json
import random
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from btc_pipeline.coingecko import responses
from btc_pipeline.coingecko.responses import ErrorMessage

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
STAMPED = "2026-10-07T13:32:10.955+00:00"


# --- Market charts


@pytest.mark.parametrize("body", [
    b'{"prices":[]}',
    b'{"prices":[[1778216582995,1]],"market_caps":null}',
    b'\xef\xbb\xbf{"prices":[]}',
    b' \r\n{"prices":[]} ',
    b'{"prices":[],"error":"none"}',
    b'{"prices":null,"prices":[]}',
], ids=ascii)  # fmt: skip
def test_an_object_with_an_array_of_prices_is_a_market_chart(body):
    assert isinstance(responses.market_chart(body), dict)


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[]", b"null", b"1", b'"prices"', b'{"prices":null}', b'{"prices":{}}', b'{"prices":"[]"}',
    b'{"prices":[],"prices":null}', b'{"Prices":[]}', b'{"prices":[]', b'{"prices":[]}}', b"{'prices':[]}",
    b'{"prices":[],}', b'{"prices":[]}\0', b"<html></html>", b"error code: 1015", b'{"prices":[\xe9]}',
    '{"prices":[]}'.encode("utf-16"), b'{"prices":[],"x":"\xed\xa0\x80"}',
    b'{"prices":[' + b"9" * 5000 + b"]}", b'{"prices":' + b"[" * 100_000, b'{"prices":' * 100_000,
], ids=lambda body: ascii(body)[:30])  # fmt: skip
def test_anything_else_is_no_market_chart(body):
    assert responses.market_chart(body) is None


# --- Refusals


@pytest.mark.parametrize(("body", "message_of_error"), [
    ({"error": "coin not found"}, ErrorMessage("", "coin not found")),
    (
        {"error": {"status": {"timestamp": STAMPED, "error_code": 10012, "error_message": "Your request exceeds"}}},
        ErrorMessage("10012", "Your request exceeds"),
    ),
    ({"status": {"error_code": 10002, "error_message": "API Key Missing"}}, ErrorMessage("10002", "API Key Missing")),
    (
        {"timestamp": STAMPED, "error_code": 10011, "status": {"error_message": "If you are using Demo API key"}},
        ErrorMessage("10011", "If you are using Demo API key"),
    ),
    ({"error": {"error_code": 10005, "error_message": "PRO only"}}, ErrorMessage("10005", "PRO only")),
    ({"error": {"message": "no"}}, ErrorMessage("", "no")),
], ids=["error text", "error status", "status", "code beside status", "error object", "message"])  # fmt: skip
def test_each_shape_of_error_gives_its_code_and_message(body, message_of_error):
    assert responses.error_message(json.dumps(body).encode()) == message_of_error


@pytest.mark.parametrize(("body", "message"), [
    (b"error code: 1015", "error code: 1015"),
    (b" Throttled \r\n", "Throttled"),
    (b"", "an empty body"),
    (b" \n\t", "an empty body"),
    (b"\0\0\0", "an empty body"),
    (b"<!DOCTYPE html><title>Just a moment...</title>", "an HTML page, not JSON"),
    (b"\n  <html>", "an HTML page, not JSON"),
    (b"null", "null"),
    (b"[]", "[]"),
    (b"{}", "{}"),
    (b'{"error":""}', '{"error": ""}'),
    (b'{"error":null}', '{"error": null}'),
    (b'{"error":["no"]}', '{"error": ["no"]}'),
    (b'{"status":"down"}', '{"status": "down"}'),
    (b'{"error":"caf\xe9"}', '{"error":"caf\N{REPLACEMENT CHARACTER}"}'),
], ids=lambda value: ascii(value)[:24])  # fmt: skip
def test_what_is_in_no_shape_is_quoted(body, message):
    assert responses.error_message(body) == ErrorMessage("", message)


def test_a_refusal_with_a_code_says_it():
    assert str(ErrorMessage("10012", "Your request exceeds")) == "code 10012: Your request exceeds"


def test_a_refusal_without_a_code_is_its_message():
    assert str(ErrorMessage("", "coin not found")) == "coin not found"


@pytest.mark.parametrize("body", [
    b"x" * 10_000_000,
    json.dumps({"error": "x" * 1_000_000}).encode(),
    json.dumps({"error": {"status": {"error_code": "9" * 10_000, "error_message": "y" * 10_000}}}).encode(),
    json.dumps({"error": {"status": {"error_code": {"a": ["b" * 5000]}, "error_message": ["c" * 5000]}}}).encode(),
    json.dumps({"detail": ["z" * 10_000]}).encode(),
    json.dumps({"error": "a\n" * 500 + "b\x1b[2J\r\u2028\u202e\x00\x7f"}).encode(),
    b'{"error":"\\ud800\\udfff \\u0000 no"}',
    b"\x1b]0;title\x07\x1b[31mred\x1b[0m",
    b"\xff\xfe\x00\x80",
    b'{"error":' + b'{"a":' * 400 + b"1" + b"}" * 401,
    b'{"error":' + b"[" * 100_000,
    b"9" * 5000,
], ids=[
    "long text", "long message", "long code", "objects for texts", "unknown keys", "control characters", "surrogates",
    "terminal sequences", "no utf-8", "nested", "nested without end", "huge number",
])  # fmt: skip
def test_whatever_is_refused_is_told_in_one_short_printable_line(body):
    line = str(responses.error_message(body))
    assert line
    assert line.isprintable()
    assert len(line) <= 620


@pytest.mark.parametrize("depth", range(900, 1000, 7))
def test_nesting_at_the_edge_of_what_can_be_parsed_is_still_told(depth):
    assert str(responses.error_message(b'{"error":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)))


# --- Retry-After


def in_seconds(seconds):
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(("header", "seconds"), [
    ("0", 0.0),
    ("119", 119.0),
    (" 7 ", 7.0),
    ("86400", 86_400.0),
    ("-5", 0.0),
    (in_seconds(90), 90.0),
    (in_seconds(0), 0.0),
    (in_seconds(-3600), 0.0),
    ("Fri, 15 May 2026 15:31:00 +0200", 60.0),
    ("Fri, 15 May 2026 13:31:00 -0000", 60.0),
    ("Friday, 15-May-26 13:31:00 GMT", 60.0),
    ("Fri May 15 13:31:00 2026", 60.0),
])  # fmt: skip
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert responses.retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize("header", [
    None, "", " ", "soon", "1.5", "1e3", "nan", "inf", "0x10", "12 s", "1,2", "2026-05-15T13:31:00Z",
    "Fri, 99 May 2026 13:31:00 GMT", "Fri, 15 Foo 2026 13:31:00 GMT", "Fri, 15 May 2026 25:00:00 GMT", "\x00", "GMT",
])  # fmt: skip
def test_a_retry_after_that_is_nonsense_is_none(header):
    assert responses.retry_after_seconds(header, NOW) is None


@pytest.mark.parametrize("header", [
    "9" * 20, "9" * 400, "9" * 5000, "-" + "9" * 400, "Mon, 01 Jan 99999999999 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 15 May 2026 13:31:00 +99999999999",
], ids=lambda header: f"{header[:40]} of {len(header)}")  # fmt: skip
def test_a_retry_after_beyond_all_bounds_is_a_long_wait_or_none(header):
    wait = responses.retry_after_seconds(header, NOW)
    assert wait is None or wait >= 0


@pytest.mark.parametrize("seed", range(20))
def test_no_retry_after_is_ever_negative_or_an_exception(seed):
    chance = random.Random(seed)
    for _ in range(200):
        header = list(in_seconds(chance.randrange(-(10**6), 10**6)))
        for _ in range(chance.randint(1, 8)):
            header[chance.randrange(len(header))] = chance.choice("0123456789+-:, \tGMTJanZ\u00e9")
        wait = responses.retry_after_seconds("".join(header), NOW)
        assert wait is None or wait >= 0
