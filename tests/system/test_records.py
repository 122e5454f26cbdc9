"""A record of ours is as it was written, or it is as good as none."""

import json

import pytest

from btc_pipeline.system import files, records

CONTENT = {"b": [1, 2.5, None, True], "a": {"\N{SNOWMAN}": "text", "7": -0.1}, "stamp": "x"}


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "record.json"
    records.write(path, CONTENT)
    return path


def test_what_is_written_is_read(record):
    assert records.read(record) == CONTENT


def test_what_json_makes_another_value_of_is_read_as_json_has_it(record):
    records.write(record, {"pair": ("bitcoin", "usd"), "of": {1: "one", 10: "ten", 9: "nine"}})
    assert records.read(record) == {"pair": ["bitcoin", "usd"], "of": {"1": "one", "10": "ten", "9": "nine"}}


def test_a_record_is_json_for_people(record):
    assert json.loads(record.read_bytes()).keys() == {*CONTENT, "proof"}


def test_no_bit_of_it_can_be_flipped_unnoticed(record):
    written = record.read_bytes()
    for place in range(8 * len(written)):
        damaged = bytearray(written)
        damaged[place // 8] ^= 1 << place % 8
        record.write_bytes(damaged)
        assert records.read(record) in ({}, CONTENT), f"bit {place % 8} of byte {place // 8}"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(stamp="y"),
        lambda content: content.pop("a"),
        lambda content: content.update(more=1),
        lambda content: content.pop("proof"),
        lambda content: content.update(proof=None),
        lambda content: content.update(proof=[]),
    ],
    ids=["changed", "removed", "added", "without a proof", "no proof", "a list as proof"],
)
def test_an_edited_record_is_as_good_as_none(change, record):
    content = json.loads(record.read_bytes())
    change(content)
    record.write_text(json.dumps(content))
    assert records.read(record) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 10_000, "\x00" * 100])
def test_what_is_no_record_is_as_good_as_none(text, record):
    record.write_text(text)
    assert records.read(record) == {}


def test_no_file_is_an_empty_record(tmp_path):
    assert records.read(tmp_path / "none.json") == {}


def test_a_record_of_an_earlier_version_counts_only_with_the_keys_that_it_had(tmp_path):
    path = tmp_path / "old.json"
    files.write(path, b'{"steps": []}')
    assert records.read(path) == {}
    assert records.read(path, {"steps"}) == {"steps": []}
    files.write(path, b'{"steps": [], "prooF": ""}')
    assert records.read(path, {"steps"}) == {}
