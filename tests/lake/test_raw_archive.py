"""The raw archive: answers kept word for word, found again by what was asked, and damage told from what is whole."""

import gzip
import hashlib
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.lake import raw_archive
from btc_pipeline.system import files

EXTRACTED_AT = datetime(2026, 5, 15, 13, 30, 0, 123_456, tzinfo=timezone.utc)
REQUEST = raw_archive.Request(
    coin_id="bitcoin",
    vs_currency="usd",
    date=date(2026, 5, 15),
    window_from=datetime(2026, 5, 8, tzinfo=timezone.utc),
    window_to=datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc),
    extracted_at=EXTRACTED_AT,
    provenance="CoinGecko",
    stream=MARKET_CHART,
)
FOLDER = "market_chart/coin_id=bitcoin/vs_currency=usd/date=2026-05-15"
WINDOW = b"2026-05-08T00:00:00+00:00 2026-05-15T13:30:00+00:00 "
BODY = b'{"prices": [[1778851800123, 0.10]]}'


def later(minutes):
    return replace(REQUEST, extracted_at=EXTRACTED_AT + timedelta(minutes=minutes))


def files_below(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def rewritten(path, content):
    """Write over a file of the archive, which nobody may."""
    path.chmod(0o644)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def manifest_of(root, entry):
    return root / entry.file.replace(".json.gz", ".manifest.json")


def text_of(content):
    """JSON as the archive lays it out."""
    return json.dumps(content, indent=1) + "\n"


def as_format_1(manifest, **changes):
    """Make a manifest one of format 1, as older versions have written it, with another request if need be."""
    content = json.loads(manifest.read_bytes())
    request = {name: value for name, value in (content["request"] | changes).items() if value is not None}
    rewritten(
        manifest, text_of({"format": 1, "file": content["file"], "sha256": content["sha256"], "request": request})
    )


def found_in(root):
    """The good answers of the stream, and the paths of the damaged manifests."""
    good, damaged = raw_archive.entries(root, MARKET_CHART)
    return good, [error.path for error in damaged]


# --- Keeping


@pytest.mark.parametrize("body", [
    BODY, b"", b"\x00\xff\xfe not text", b" {} \r\n", '{"a": "\N{SNOWMAN}"}'.encode(), b"x" * 3_000_000,
], ids=lambda body: ascii(body[:12]))  # fmt: skip
def test_an_answer_is_kept_byte_for_byte(body, tmp_path):
    assert raw_archive.keep(tmp_path, REQUEST, body).read(tmp_path) == body


def test_an_answer_lies_in_folders_by_coin_currency_and_day(tmp_path):
    digest = hashlib.sha256(WINDOW + BODY).hexdigest()[:8]
    raw_archive.keep(tmp_path, REQUEST, BODY)
    stem = f"{FOLDER}/20260515T133000123Z-{digest}"
    assert files_below(tmp_path) == [f"{stem}.json.gz", f"{stem}.manifest.json"]


def test_a_manifest_says_what_was_asked_and_the_checksum_of_the_file(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    manifest = json.loads(manifest_of(tmp_path, entry).read_bytes())
    proof = manifest.pop("proof")
    assert re.fullmatch("[0-9a-f]{64}", proof)
    assert manifest == {
        "format": 2,
        "file": entry.file,
        "sha256": hashlib.sha256((tmp_path / entry.file).read_bytes()).hexdigest(),
        "request": {
            "coin_id": "bitcoin",
            "vs_currency": "usd",
            "date": "2026-05-15",
            "window_from": "2026-05-08T00:00:00+00:00",
            "window_to": "2026-05-15T13:30:00+00:00",
            "extracted_at": "2026-05-15T13:30:00.123456+00:00",
            "provenance": "CoinGecko",
            "stream": "market_chart",
        },
    }


def test_what_is_kept_may_be_written_by_nobody(tmp_path):
    raw_archive.keep(tmp_path, REQUEST, BODY)
    assert {(tmp_path / name).stat().st_mode & 0o222 for name in files_below(tmp_path)} == {0}


def test_the_same_answer_is_kept_once(tmp_path):
    first = raw_archive.keep(tmp_path, REQUEST, BODY)
    before = files_below(tmp_path)
    assert raw_archive.keep(tmp_path, REQUEST, BODY) == first
    assert files_below(tmp_path) == before


def test_another_answer_of_the_same_instant_is_kept_beside_the_first(tmp_path):
    first = raw_archive.keep(tmp_path, REQUEST, BODY)
    second = raw_archive.keep(tmp_path, REQUEST, BODY + b" ")
    assert (first.read(tmp_path), second.read(tmp_path)) == (BODY, BODY + b" ")


def test_the_same_body_asked_for_later_is_another_answer(tmp_path):
    raw_archive.keep(tmp_path, REQUEST, BODY)
    raw_archive.keep(tmp_path, later(1), BODY)
    assert len(raw_archive.entries(tmp_path, MARKET_CHART)[0]) == 2


def test_an_answer_that_was_damaged_is_healed_by_keeping_it_again(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    rewritten(tmp_path / entry.file, b"garbage")
    raw_archive.keep(tmp_path, REQUEST, BODY)
    assert entry.read(tmp_path) == BODY


def test_no_manifest_is_read_of_an_answer_that_is_left_out(tmp_path):
    known = raw_archive.keep(tmp_path, REQUEST, b"1")
    new = raw_archive.keep(tmp_path, later(1), b"2")
    path = manifest_of(tmp_path, known)
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    assert len(raw_archive.entries(tmp_path, MARKET_CHART)[1]) == 1
    assert raw_archive.entries(tmp_path, MARKET_CHART, {known.file}) == ([new], [])


def test_a_killed_write_leaves_nothing_that_the_next_run_does_not_sweep(tmp_path):
    leftover = tmp_path / "raw" / FOLDER / ".tmp-4711-20260515T133000123Z-00000000.json.gz"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    kept = raw_archive.keep(tmp_path / "raw", REQUEST, BODY)
    files.sweep(tmp_path, tmp_path / "tmp")
    assert (leftover.exists(), kept.read(tmp_path / "raw")) == (False, BODY)


def test_answers_that_come_at_once_do_not_disturb_each_other(tmp_path):
    chunks = [replace(REQUEST, window_from=REQUEST.window_from - timedelta(days=number)) for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda chunk: raw_archive.keep(tmp_path, chunk, BODY), chunks))
    assert sorted(entry.request.window_from for entry in kept) == sorted(chunk.window_from for chunk in chunks)
    assert len(raw_archive.entries(tmp_path, MARKET_CHART)[0]) == 40


def test_an_answer_without_its_manifest_is_not_in_the_archive(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    manifest_of(tmp_path, entry).unlink()
    assert raw_archive.entries(tmp_path, MARKET_CHART) == ([], [])
    with pytest.raises(raw_archive.DamagedAnswerError, match="has no manifest"):
        raw_archive.entry(tmp_path, entry.file)


# --- Finding


def test_an_empty_archive_has_nothing(tmp_path):
    assert raw_archive.entries(tmp_path / "gone", MARKET_CHART) == ([], [])


def test_what_is_found_is_what_was_kept(tmp_path):
    kept = raw_archive.keep(tmp_path, REQUEST, BODY)
    assert (raw_archive.entry(tmp_path, kept.file), raw_archive.entries(tmp_path, MARKET_CHART)) == (kept, ([kept], []))


def test_an_answer_is_found_by_its_own_file_whatever_came_later(tmp_path):
    kept = raw_archive.keep(tmp_path, REQUEST, b"first")
    raw_archive.keep(tmp_path, later(1), b"second")
    assert raw_archive.entry(tmp_path, kept.file).read(tmp_path) == b"first"


def test_entries_come_in_the_order_of_their_extraction(tmp_path):
    for minutes in (3, 1, 2):
        raw_archive.keep(tmp_path, replace(later(minutes), coin_id=f"coin-{9 - minutes}"), BODY)
    found, _ = raw_archive.entries(tmp_path, MARKET_CHART)
    assert [entry.request.extracted_at for entry in found] == [later(minutes).extracted_at for minutes in (1, 2, 3)]


def test_files_that_are_no_manifest_are_of_no_interest(tmp_path):
    kept = raw_archive.keep(tmp_path, REQUEST, BODY)
    (tmp_path / FOLDER / "README.txt").write_text("?")
    (tmp_path / FOLDER / "x.manifest.json.bak").write_text("?")
    assert raw_archive.entries(tmp_path, MARKET_CHART) == ([kept], [])


# --- Damage


@pytest.mark.parametrize(
    "content", [b"", b"garbage", gzip.compress(b"another body")], ids=["empty", "garbage", "other"]
)
def test_an_answer_that_does_not_match_its_checksum_is_damaged(content, tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    rewritten(tmp_path / entry.file, content)
    with pytest.raises(raw_archive.DamagedAnswerError, match="does not match its checksum"):
        entry.read(tmp_path)


def test_an_answer_that_is_gone_is_damaged(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    (tmp_path / entry.file).unlink()
    with pytest.raises(raw_archive.DamagedAnswerError, match="No such file"):
        entry.read(tmp_path)


@pytest.mark.parametrize("content", [BODY, gzip.compress(BODY)[:-9], gzip.compress(BODY)[:-8] + b"\0" * 8],
                         ids=["not packed", "cut", "wrong checksum inside"])  # fmt: skip
def test_an_answer_that_cannot_be_unpacked_is_damaged_whatever_its_manifest_vouches_for(content, tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    rewritten(tmp_path / entry.file, content)
    with pytest.raises(raw_archive.DamagedAnswerError):
        replace(entry, sha256=hashlib.sha256(content).hexdigest()).read(tmp_path)


def changed(**changes):
    return lambda manifest: text_of(manifest | changes)


def asked(**changes):
    return lambda manifest: text_of(manifest | {"request": manifest["request"] | changes})


BAD_MANIFESTS = {
    "empty": lambda _: "",
    "half": lambda manifest: json.dumps(manifest)[:40],
    "array": lambda _: "[]",
    "number": lambda _: "1",
    "no text": lambda _: b"\xff\xfe\x00",
    "nested": lambda _: "[" * 100_000,
    "format of tomorrow": changed(format=3, proof="of another kind"),
    "format is text": changed(format="2"),
    "format without a proof": changed(format=1),
    "no proof": lambda manifest: text_of({name: manifest[name] for name in ("format", "file", "sha256", "request")}),
    "one key more": changed(more=1),
    "laid out otherwise": lambda manifest: json.dumps(manifest),
    "a key twice": lambda manifest: text_of(manifest).replace('{\n "format"', '{\n "sha256": "",\n "format"', 1),
    "a key of the request twice": lambda manifest: text_of(manifest).replace(
        '  "coin_id"', '  "window_from": "2026-05-01T00:00:00+00:00",\n  "coin_id"', 1
    ),
    "no request": changed(request=None),
    "no file": changed(file=None),
    "file is a number": changed(file=7),
    "file is empty": changed(file=""),
    "file has a nul": changed(file="a\0b"),
    "file above the archive": changed(file="../../etc/passwd"),
    "file elsewhere": changed(file="/etc/passwd"),
    "file of another day": lambda manifest: text_of(manifest).replace("date=2026-05-15/", "date=2026-05-14/"),
    "no checksum": changed(sha256=None),
    "unknown key": asked(more=1),
    "no coin": lambda manifest: text_of(manifest | {"request": {"date": "2026-05-15"}}),
    "another coin": asked(coin_id="ethereum"),
    "coin is a number": asked(coin_id=1),
    "provenance is a list": asked(provenance=[]),
    "bad day": asked(date="2026-02-30"),
    "day is a number": asked(date=20260515),
    "bad instant": asked(extracted_at="now"),
    "instant without zone": asked(extracted_at="2026-05-15T13:30:00"),
    "window without zone": asked(window_to="2026-05-15T13:30:00"),
}


@pytest.mark.parametrize("change", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_a_manifest_that_is_not_as_written_is_damaged_and_hides_no_other(change, tmp_path):
    bad, good = raw_archive.keep(tmp_path, REQUEST, BODY), raw_archive.keep(tmp_path, later(1), BODY)
    manifest = manifest_of(tmp_path, bad)
    rewritten(manifest, change(json.loads(manifest.read_bytes())))
    assert found_in(tmp_path) == ([good], [manifest])
    with pytest.raises(raw_archive.DamagedManifestError, match=re.escape(str(manifest))):
        raw_archive.entry(tmp_path, bad.file)


@pytest.fixture
def kept(tmp_path):
    """An answer's entry, the path of its manifest, and the manifest's bytes."""
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    path = manifest_of(tmp_path, entry)
    return entry, path, path.read_bytes()


def refusal_of(root, path, text):
    with pytest.raises(raw_archive.DamagedManifestError) as refused:
        raw_archive.parsed(root, path, text)
    return str(refused.value)


def test_each_flipped_bit_of_a_manifest_is_found(kept, tmp_path):
    _, path, text = kept
    for position in range(len(text)):
        for bit in range(8):
            flipped = text[:position] + bytes([text[position] ^ 1 << bit]) + text[position + 1 :]
            assert refusal_of(tmp_path, path, flipped).startswith(f"damaged manifest {path}: "), (position, bit)


def test_each_other_byte_at_any_position_of_a_manifest_is_found(kept, tmp_path):
    _, path, text = kept
    drawn = random.Random(7)
    for position in range(len(text)):
        for byte in drawn.sample(sorted(set(range(256)) - {text[position]}), 16):
            refusal_of(tmp_path, path, text[:position] + bytes([byte]) + text[position + 1 :])


def test_a_manifest_that_was_cut_or_got_longer_anywhere_is_found(kept, tmp_path):
    _, path, text = kept
    for position in range(len(text)):
        refusal_of(tmp_path, path, text[:position])
        refusal_of(tmp_path, path, text[:position] + b" " + text[position:])
        refusal_of(tmp_path, path, text[:position] + text[position + 1 :])
    refusal_of(tmp_path, path, text + text)


def test_a_manifest_of_a_newer_version_is_named_as_such(kept, tmp_path):
    _, path, text = kept
    newer = text_of({"format": 3, "answer": "in another way"}).encode()
    assert "a newer version of this project has written it, in format 3" in refusal_of(tmp_path, path, newer)
    assert "newer version" not in refusal_of(tmp_path, path, text.replace(b'"format": 2', b'"format": 3'))


def test_the_manifest_of_another_answer_is_named_as_such(kept, tmp_path):
    _, path, _ = kept
    other = raw_archive.keep(tmp_path, later(1), BODY)
    said = refusal_of(tmp_path, path, manifest_of(tmp_path, other).read_bytes())
    assert said == f"damaged manifest {path}: it is the manifest of '{other.file}'"


def test_an_answer_of_another_source_is_none_for_who_names_the_source(kept, tmp_path):
    entry, path, _ = kept
    assert raw_archive.entry(tmp_path, entry.file, "CoinGecko") == entry
    with pytest.raises(raw_archive.DamagedManifestError, match=re.escape(str(path))):
        raw_archive.entry(tmp_path, entry.file, "SAMPLE (synthetic)")


def test_a_damaged_manifest_is_healed_by_keeping_its_answer_again(kept, tmp_path):
    entry, path, text = kept
    rewritten(path, text[:-5])
    raw_archive.keep(tmp_path, REQUEST, BODY)
    assert found_in(tmp_path) == ([entry], [])


# --- Manifests of format 1


def test_a_manifest_of_format_1_is_read(kept, tmp_path):
    entry, path, _ = kept
    as_format_1(path)
    assert (found_in(tmp_path), entry.read(tmp_path)) == (([entry], []), BODY)


@pytest.mark.parametrize("changes", [
    {"extracted_at": "2026-05-15T13:30:00.223456+00:00"}, {"extracted_at": "2026-05-16T13:30:00.123456+00:00"},
    {"coin_id": "bitcoim"}, {"vs_currency": "eur"}, {"date": "2026-05-14"}, {"stream": "ohlc"},
    {"provenance": "CoinGeckn"}, {"provenance": "SAMPLE (synthetig)"}, {"provenance": ""},
], ids=str)  # fmt: skip
def test_a_manifest_of_format_1_is_proven_by_its_place_its_name_and_the_names_of_sources(changes, kept, tmp_path):
    _, path, _ = kept
    as_format_1(path, **changes)
    assert found_in(tmp_path) == ([], [path])


@pytest.mark.parametrize("provenance", [
    "CoinGecko", "live (127.0.0.1)", "SAMPLE (synthetic)", "SAMPLE (recordings may 0123abcd)",
])  # fmt: skip
def test_a_manifest_of_format_1_may_name_each_source_of_this_project(provenance, kept, tmp_path):
    _, path, _ = kept
    as_format_1(path, provenance=provenance)
    assert [entry.request.provenance for entry in found_in(tmp_path)[0]] == [provenance]


@pytest.mark.parametrize("changes", [
    {"window_from": "2026-05-09T00:00:00+00:00"}, {"window_to": "2026-05-15T13:30:01+00:00"},
], ids=str)  # fmt: skip
def test_the_window_of_a_manifest_of_format_1_is_proven_when_its_answer_is_read(changes, kept, tmp_path):
    _, path, _ = kept
    as_format_1(path, **changes)
    ((entry,), _) = found_in(tmp_path)
    with pytest.raises(raw_archive.DamagedManifestError, match=re.escape(f"{path}: its window is not")):
        entry.read(tmp_path)


def test_an_answer_whose_name_holds_a_digest_of_the_body_alone_is_read(kept, tmp_path):
    entry, path, text = kept
    old, new = (hashlib.sha256(window + BODY).hexdigest()[:8] for window in (WINDOW, b""))
    for file in (tmp_path / entry.file, path):
        file.replace(file.with_name(file.name.replace(old, new)))
    path = path.with_name(path.name.replace(old, new))
    rewritten(path, text.replace(old.encode(), new.encode()))
    as_format_1(path, stream=None)
    assert [each.read(tmp_path) for each in found_in(tmp_path)[0]] == [BODY]


def test_a_copy_of_a_manifest_is_no_second_answer(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    manifest = manifest_of(tmp_path, entry)
    manifest.with_name("copy.manifest.json").write_bytes(manifest.read_bytes())
    found, _ = raw_archive.entries(tmp_path, MARKET_CHART)
    assert found == [entry]


# --- Streams


def test_streams_lie_apart(tmp_path):
    chart, opinion = (
        raw_archive.keep(tmp_path, REQUEST, BODY),
        raw_archive.keep(tmp_path, replace(REQUEST, stream="ohlc"), BODY),
    )
    assert opinion.file == chart.file.replace("market_chart/", "ohlc/")
    assert raw_archive.entries(tmp_path, MARKET_CHART) == ([chart], [])
    assert raw_archive.entries(tmp_path, "ohlc") == ([opinion], [])


def test_a_manifest_from_before_there_were_streams_is_a_market_chart_s(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    manifest = manifest_of(tmp_path, entry)
    as_format_1(manifest, stream=None)
    assert raw_archive.entries(tmp_path, MARKET_CHART) == ([entry], [])


def test_a_manifest_of_another_stream_is_none_of_this_place(tmp_path):
    entry = raw_archive.keep(tmp_path, REQUEST, BODY)
    manifest = manifest_of(tmp_path, entry)
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes().replace(b'"stream": "market_chart"', b'"stream": "../ohlc"'))
    assert found_in(tmp_path) == ([], [manifest])
