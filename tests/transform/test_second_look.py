"""A gate that has changed looks at the archive again; what it had admitted and now refuses is quarantined."""

import json
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART, OHLC
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.transform import loader, second_look
from btc_pipeline.verify import gate, stored
from btc_pipeline.warehouse import duckdb_files

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
START = datetime(2026, 5, 13, tzinfo=timezone.utc)
DAY = timedelta(days=1)


class Archive:
    """An archive with answers, the database that has loaded them, and looks at it."""

    def __init__(self, folder):
        self.folder, self.raw, self.hours = folder, folder / "raw", 12.0
        (folder / "tmp").mkdir()

    def keep(self, coin_id="bitcoin", days=0, flat=0, provenance="SAMPLE (synthetic)", stream=MARKET_CHART):
        """An answer of so many days before; `flat`: so many of its points have one price."""
        now = NOW - days * DAY
        request = raw_archive.Request(coin_id, "usd", now.date(), START - days * DAY, now, now, provenance, stream)
        if stream == OHLC:
            return raw_archive.keep(self.raw, request, json.dumps(synthetic.ohlc(coin_id, "usd", 7, now)).encode())
        chart = synthetic.market_chart(coin_id, "usd", request.window_from, now, now)
        for point in chart["prices"][3 : 3 + flat]:
            point[1] = chart["prices"][3][1]
        return raw_archive.keep(self.raw, request, json.dumps(chart).encode())

    def load(self):
        """Load what the gate admits, as the next build does; returns the files that are loaded."""
        bitcoin = (Pair("bitcoin", "usd"),)
        job = loader.Load(
            database=self.folder / "work/crypto_data.duckdb",
            raw=self.raw,
            compacted=self.folder / "work/answers",
            published=self.folder / "crypto_data.duckdb",
            ledger=self.folder / "revisions",
            failures=self.folder / "failures",
            proofs=self.folder / "proofs",
            proof=None,
            scratch=self.folder / "tmp",
            provenance="SAMPLE (synthetic)",
            points="points-1",
            answers_by="",
            built_from="models-1",
            step="Transform",
            day="2026-05-15",
            pairs=bitcoin,
            wanted=bitcoin,
            repeat_hours=self.hours,
            as_of="2026-05-15T13:30:00",
            until="",
            decisions=None,
            fingerprint="abc",
            stamp="20260515T133000.000000Z-abcdef",
        )
        loader.load(job)
        return second_look._loaded(self.look())

    def look(self, code="a gate"):
        return second_look.Look(
            raw=self.raw,
            database=self.folder / "work/crypto_data.duckdb",
            published=self.folder / "crypto_data.duckdb",
            provenance="SAMPLE (synthetic)",
            code=code,
            repeat_hours=self.hours,
            decided_at=NOW,
            run="a run",
        )

    def look_again(self, code="a gate"):
        """The number of answers looked at, and the files that are refused now."""
        seen = second_look.look_again(self.look(code))
        return seen.answers, [each.archive_file for each in seen.decisions]

    def decide(self, entry, action, check, by):
        new = exceptions.NewDecision(action, entry.file, entry.sha256, check, 0, by, "a reason")
        exceptions.append(self.raw, [new], NOW, "a run")


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


def test_what_a_stricter_setting_refuses_is_quarantined_once_and_no_longer_loaded(archive):
    good, flat, opinion = archive.keep(days=1), archive.keep(flat=9), archive.keep(stream=OHLC)
    assert archive.load() == {good.file, flat.file, opinion.file}
    assert archive.look_again() == (3, [])
    archive.hours = 6.0
    assert archive.look_again() == (3, [flat.file])
    (entry,) = exceptions.read(archive.raw).decisions
    assert (entry.action, entry.check, entry.by) == (exceptions.QUARANTINED, *2 * ["no_price_is_repeated_for_hours"])
    assert entry.reason.startswith("the gate has become stricter: row 3 on: the very same price")
    assert archive.look_again() == (0, [])
    assert archive.load() == {good.file, opinion.file}
    archive.hours = 5.0
    assert archive.look_again() == (2, [])  # of what has an entry it does not ask again


def test_a_bound_that_moves_in_the_code_counts_as_well(archive):
    archive.keep()
    archive.load()
    archive.look_again("old code")
    with patch.object(gate, "_GREATEST_PRICE", 1000.0):
        assert archive.look_again("old code") == (0, [])
        number, refused = archive.look_again("new code")
        assert (number, len(refused)) == (1, 1)
    assert exceptions.read(archive.raw).decisions[0].check == "prices_are_possible"


def test_what_the_gate_had_refused_at_its_time_is_no_exception(archive):
    bad = archive.keep(flat=20)
    archive.keep(days=1)
    assert bad.file not in archive.load()
    assert archive.look_again() == (1, [])


@pytest.mark.parametrize("check", ["", "no_price_is_repeated_for_hours"])
def test_a_released_answer_stays_released_and_loaded(archive, check):
    flat = archive.keep(flat=9)
    for action in (exceptions.QUARANTINED, exceptions.RELEASED):
        archive.decide(flat, action, check, exceptions.PERSON)
    archive.load()
    archive.hours = 6.0
    assert archive.look_again() == (1, [])
    assert archive.load() == {flat.file}
    assert stored.admit(archive.raw, flat, exceptions.read(archive.raw), 6.0).chart


def test_a_release_from_another_check_does_not_count_for_this_one(archive):
    flat = archive.keep(flat=9)
    archive.load()
    for action in (exceptions.QUARANTINED, exceptions.RELEASED):
        archive.decide(flat, action, "assert_no_price_jumps_by_a_factor_of_1000", exceptions.PERSON)
    archive.hours = 6.0
    assert archive.look_again() == (1, [flat.file])


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"fingerprint": 1}', None])
def test_a_damaged_or_lost_record_means_that_it_looks_again(archive, content):
    archive.keep()
    archive.load()
    archive.look_again()
    record = archive.raw / "gate.json"
    record.unlink() if content is None else record.write_bytes(content)
    assert archive.look_again() == (1, [])
    assert archive.look_again() == (0, [])


def test_a_damaged_answer_is_left_to_the_loader(archive):
    flat = archive.keep(flat=9)
    archive.load()
    path = archive.raw / flat.file
    path.chmod(0o644)
    path.write_bytes(b"damage")
    archive.hours = 6.0
    assert archive.look_again() == (1, [])


def test_an_answer_of_another_source_is_not_looked_at(archive):
    archive.keep(provenance="live (http://127.0.0.1:9/api/v3)")
    archive.load()
    assert archive.look_again() == (0, [])


def test_without_database_and_publication_nothing_was_admitted(archive):
    archive.keep(flat=9)
    archive.hours = 6.0
    assert archive.look_again() == (0, [])


def test_without_database_what_was_extracted_up_to_the_published_version_was_admitted(archive):
    old, new = archive.keep(days=1, flat=9), archive.keep(flat=9)
    with duckdb_files.opened(archive.folder / "crypto_data.duckdb", read_only=False) as connection:
        connection.execute(f"create table daily_candlestick as select timestamp '{NOW - DAY:%F %T}' as extracted_at")
    archive.hours = 6.0
    number, refused = archive.look_again()
    assert (number, refused) == (1, [old.file])
    assert new.file not in refused


def test_an_archive_that_is_not_there_is_not_begun(archive):
    assert archive.look_again() == (0, [])
    assert not archive.raw.exists()
