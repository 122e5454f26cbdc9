"""Compacted answers: what they give is what the archive gives, or they are ignored with a line that says why."""

import gzip
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import duckdb
import pytest

from btc_pipeline.coingecko import streams
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system import files, records
from btc_pipeline.transform import compacted, loader, proof, touched_days
from btc_pipeline.transform.failing_rows import Place
from btc_pipeline.verify import stored
from btc_pipeline.warehouse import duckdb_files
from tests.publish.test_swap import SETTINGS

NOW = datetime(2026, 6, 3, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
CODE = "code-1"
SOURCE = "SAMPLE (synthetic)"


class World:
    """An archive, what its proof has compacted, and loads of a database that is made anew."""

    first: raw_archive.Entry
    last: raw_archive.Entry
    opinion: raw_archive.Entry

    def __init__(self, folder):
        self.workspace = Workspace(folder / "it's data", "sample")
        self.workspace.temporary.mkdir(parents=True)
        self.settings, self.code, self.admitted = SETTINGS, CODE, []

    def keep(self, ago=0, change=lambda chart: None, stream=streams.MARKET_CHART, coin="bitcoin", source=SOURCE):
        """Put the answer of so many days ago into the archive, changed or not."""
        now = NOW - ago * DAY
        start = now - DAY if stream == streams.CHART_5M else now.replace(hour=0, minute=0) - 2 * DAY
        answer: object
        if stream == streams.OHLC:
            answer = synthetic.ohlc(coin, "usd", 7, now)
        else:
            chart = synthetic.market_chart(coin, "usd", start, now, now)
            change(chart)
            answer = chart
        request = raw_archive.Request(coin, "usd", now.date(), start, now, now, source, stream)
        return raw_archive.keep(self.workspace.raw, request, json.dumps(answer).encode())

    def load(self, *, is_from_parts=True, until="", decisions=None, points="points-1"):
        """Load what is new; returns the loader's lines."""
        pairs = (Pair("bitcoin", "usd"),)
        self.admitted.clear()
        job = loader.Load(
            database=self.workspace.work,
            raw=self.workspace.raw,
            compacted=self.workspace.compacted,
            published=self.workspace.published,
            ledger=self.workspace.revisions,
            failures=self.workspace.failures,
            proofs=self.workspace.proofs,
            proof=None,
            scratch=self.workspace.temporary,
            provenance=self.settings.provenance,
            points=points,
            answers_by=compacted.made_by(self.settings, self.code) if is_from_parts else "",
            built_from="models-1",
            step="Transform",
            day="2026-06-03",
            pairs=pairs,
            wanted=pairs,
            repeat_hours=self.settings.repeat_hours,
            as_of="2026-06-03T13:30:00",
            until=until,
            decisions=decisions,
            fingerprint="abc",
            stamp="a stamp",
        )
        return loader.load(job)[1]

    def loaded(self):
        """All that a load has left for the models."""
        with duckdb.connect(str(self.workspace.work), read_only=True) as connection:
            tables = ("raw.market_chart", "raw.ohlc", "pipeline.touched_days")
            return {
                table: connection.execute(f"select distinct * from {table} order by all").fetchall() for table in tables
            }

    def anew(self, **how):
        """Load all into a new database; returns what is there, and the loader's lines."""
        self.workspace.work.unlink(missing_ok=True)
        notes = self.load(**how)
        return self.loaded(), notes

    def compact(self):
        """Compact what the archive gives, as an equal proof does."""
        self.anew(is_from_parts=False)
        self.compact_loaded()

    def compact_loaded(self):
        with duckdb_files.opened(self.workspace.work, read_only=True) as connection:
            compacted.keep(self.workspace, compacted.made_by(self.settings, self.code), connection)

    def parts(self):
        return sorted(self.workspace.compacted.glob("*.parquet"))

    def decide(self, entry, action, check=""):
        new = exceptions.NewDecision(action, entry.file, entry.sha256, check, 0, exceptions.PERSON, "a reason")
        exceptions.append(self.workspace.raw, [new], NOW, "a run")

    def check_same(self, *notes, **how):
        """The same is loaded as from the archive alone, with its lines, and one for each of these: a part, and why."""
        from_archive, as_ever = self.anew(is_from_parts=False, **how)
        found, told = self.anew(**how)
        assert found == from_archive
        more = [each for each in told if each not in as_ever]
        assert len(more) == len(notes)
        folder = self.workspace.compacted
        for each, (name, why) in zip(more, notes, strict=True):
            which = folder / name if name else f"in {folder}"
            assert each == f"does not use the compacted answers {which}: {why}; reads the archive"


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Two months with answers of both series, two coins, and nulls; each month is a part. It notes what it unpacks."""
    world, admit = World(tmp_path), stored.admit

    def admitted(raw, entry, *rest):
        world.admitted.append(entry.file)
        return admit(raw, entry, *rest)

    monkeypatch.setattr(stored, "admit", admitted)
    world.first = world.keep(9)
    world.keep(9, coin="solana")
    world.keep(8, lambda chart: chart.update(market_caps=None, total_volumes=[]))
    world.keep(5, stream=streams.CHART_5M)
    world.keep(1, lambda chart: chart["market_caps"][3].__setitem__(1, None))
    world.last = world.keep(0)
    world.opinion = world.keep(0, stream=streams.OHLC)
    return world


# --- The same comes out


def test_what_is_loaded_from_parts_is_what_the_archive_gives_and_nothing_is_unpacked(world):
    world.compact()
    assert [path.name[:8] for path in world.parts()] == ["2026-05-", "2026-06-"]
    world.check_same()
    assert world.admitted == [world.opinion.file]
    rows = world.loaded()["raw.market_chart"]
    assert [number for number, *_ in rows] == [1, 2, 3, 4, 5, 6]
    assert (rows[2][-2:], rows[4][-2][3][1]) == ((None, []), None)


def test_what_no_row_was_made_of_is_asked_about_as_ever(world):
    refused = world.keep(4, lambda chart: chart["prices"][3].__setitem__(1, -1))
    empty = world.keep(3, lambda chart: chart.update(prices=[], market_caps=[], total_volumes=[]))
    other = world.keep(3, source="CoinGecko")
    world.compact()
    assert other.file not in str(world.loaded())
    world.check_same()
    assert world.admitted == [refused.file, empty.file, world.opinion.file]
    assert world.load() == [f"skipped: {refused.file}: row 3: price -1 is not positive"]


def test_what_is_new_is_loaded_in_its_place(world):
    world.compact()
    new = [world.keep(ago, coin="ethereum") for ago in (20, 7, 0)]
    world.check_same()
    assert sorted(world.admitted) == sorted([*(each.file for each in new), world.opinion.file])


@pytest.mark.parametrize("points", [1, 100, 10**9], ids="parts of {:,} points".format)
@pytest.mark.parametrize("batch", [1, 10**9], ids="batches of {:,} bytes".format)
def test_in_parts_and_batches_of_any_size_the_same_is_loaded(world, monkeypatch, points, batch):
    monkeypatch.setattr(compacted, "POINTS", points)
    monkeypatch.setattr(loader, "BATCH", batch)
    world.compact()
    assert len(world.parts()) == {1: 6, 100: 3, 10**9: 2}[points]
    for ago in (8.5, 5.5, 4.5):
        world.keep(ago, coin="ethereum")
    world.check_same()


def test_a_load_up_to_an_instant_takes_nothing_later(world):
    world.compact()
    world.check_same(until=(NOW - 5 * DAY).isoformat())
    assert len(world.loaded()["raw.market_chart"]) == 4


def test_a_load_that_was_killed_takes_the_rest(world, monkeypatch):
    whole = world.anew(is_from_parts=False)[0]
    monkeypatch.setattr(compacted, "POINTS", 1)
    world.compact()
    insert, left = loader._insert, [1, 1]

    def killed(*of):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        insert(*of)

    world.workspace.work.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(loader, "_insert", killed)
        with pytest.raises(KeyboardInterrupt):
            world.load()
    assert (world.load(), world.admitted) == ([], [world.opinion.file])
    assert world.loaded() == whole


# --- A night


def test_a_load_of_few_answers_opens_nothing(world, monkeypatch):
    world.compact()
    monkeypatch.setattr(compacted, "read", None)
    world.keep(0, coin="solana")
    assert world.load() == []
    assert len(world.loaded()["raw.market_chart"]) == 7


def test_without_an_index_all_is_read_from_the_archive_without_a_word(world):
    world.check_same()
    world.compact()
    compacted.forget(world.workspace.compacted)
    world.check_same()
    assert len(world.admitted) == 7


# --- What does not prove itself


def forge(world, change):
    """Change the index, and its proof with it."""
    path = world.workspace.compacted / "index.json"
    content = records.read(path)
    change(content)
    records.write(path, content)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (flip, "it does not match its checksum"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "it does not match its checksum"),
        (lambda path: path.write_bytes(b""), "it does not match its checksum"),
        (lambda path: path.unlink(), "it is gone"),
        (lambda path: (path.unlink(), path.mkdir()), "it does not match its checksum"),
    ],
    ids=["a bit", "cut", "empty", "gone", "a folder"],
)
def test_a_damaged_part_is_ignored_and_named_and_written_anew_by_the_next_proof(world, harm, why):
    world.compact()
    part = world.parts()[0]
    harm(part)
    world.check_same((part.name, why))
    assert (world.first.file in world.admitted, world.last.file in world.admitted) == (True, False)
    if not part.is_dir():
        world.compact()
        world.check_same()
        assert world.admitted == [world.opinion.file]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", None], ids=str)
def test_a_damaged_index_is_ignored_and_said_so(world, content):
    world.compact()
    path = world.workspace.compacted / "index.json"
    path.write_bytes(path.read_bytes().replace(b" 4\n", b" 5\n") if content is None else content)
    world.check_same(("", "their index is damaged, or of another version of this project"))


def test_a_part_that_duckdb_cannot_read_stops_nothing(world):
    world.compact()
    part = world.parts()[0]
    part.write_bytes(b"PAR1 garbage PAR1")
    forge(world, lambda content: content["parts"][0].__setitem__(1, files.sha256(part)))
    world.check_same((part.name, "DuckDB cannot read it"))


def test_a_part_with_damaged_prices_stops_nothing(world):
    """As `DuckDB cannot read it`, but what it says of the requests can be read."""
    world.compact()
    part = world.parts()[0]
    with duckdb.connect() as connection:
        offset, size = connection.execute(
            "select coalesce(dictionary_page_offset, data_page_offset), total_compressed_size from parquet_metadata(?)"
            " where path_in_schema like 'prices%'", [str(part)]
        ).fetchall()[0]  # fmt: skip
    content = bytearray(part.read_bytes())
    content[offset : offset + size] = bytes(size)
    part.write_bytes(content)
    forge(world, lambda content: content["parts"][0].__setitem__(1, files.sha256(part)))
    world.check_same((part.name, "DuckDB cannot read it"))


def test_a_part_with_fewer_answers_than_its_index_says_is_ignored(world):
    world.compact()
    forge(world, lambda content: content["parts"][1].__setitem__(2, 3))
    world.check_same((world.parts()[1].name, "it has not the answers that its index names"))


def test_a_part_with_an_answer_that_the_archive_has_no_more_is_ignored(world):
    world.compact()
    raw_archive.manifest_of(world.workspace.raw, world.first.file).unlink()
    world.check_same((world.parts()[0].name, f"the archive has no answer {world.first.file}"))
    assert world.first.file not in str(world.loaded())
    world.compact()
    world.check_same()
    assert world.admitted == [world.opinion.file]


def test_so_is_one_with_an_answer_whose_manifest_is_damaged(world):
    world.compact()
    path = raw_archive.manifest_of(world.workspace.raw, world.first.file)
    path.chmod(0o644)
    path.write_bytes(b"{")
    world.check_same((world.parts()[0].name, f"the archive has no answer {world.first.file}"))


def test_so_is_one_with_an_answer_that_has_another_checksum_now(world):
    """The very same request, packed anew: the manifest is whole, and another one."""
    world.compact()
    path = world.workspace.raw / world.first.file
    manifest = raw_archive.manifest_of(world.workspace.raw, world.first.file)
    body = world.first.read(world.workspace.raw)
    path.unlink()
    manifest.unlink()
    pack = gzip.compress
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gzip, "compress", lambda body, **_: pack(body, 1, mtime=0))
        kept = raw_archive.keep(world.workspace.raw, world.first.request, body)
    assert (kept.file, kept.sha256 == world.first.sha256) == (world.first.file, False)
    world.check_same((world.parts()[0].name, f"the archive has something else as {world.first.file}"))


@pytest.mark.parametrize("harm", [flip, lambda path: path.unlink()], ids=["damaged", "gone"])
def test_an_answer_that_the_archive_has_lost_is_not_loaded_from_a_part(world, harm):
    """Else the archive would not give what is published, and nobody would hear of it before the next proof."""
    world.compact()
    path = world.workspace.raw / world.first.file
    path.chmod(0o644)
    harm(path)
    world.check_same()
    assert world.admitted == [world.first.file, world.opinion.file]
    assert world.load()[0].startswith(f"skipped: {world.first.file}: ")


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "code-2"},
        {"settings": replace(SETTINGS, repeat_hours=6.0)},
    ],
    ids=["code", "repeat_hours"],
)
def test_what_other_code_or_settings_have_made_is_ignored_and_written_anew_by_the_next_proof(world, changed):
    flat = world.keep(4, lambda chart: [point.__setitem__(1, 50_000.0) for point in chart["prices"][3:12]])
    world.compact()
    assert flat.file in str(world.loaded())
    old = world.parts()
    for name, value in changed.items():
        setattr(world, name, value)
    world.check_same(("", "other code, settings or prices of another source have made them"))
    assert (flat.file in str(world.loaded())) == ("code" in changed)
    world.compact()
    assert not set(old) & set(world.parts())
    world.check_same()


def test_parts_of_another_source_are_ignored(world, tmp_path):
    world.compact()
    recordings = tmp_path / "may"
    world.settings = replace(SETTINGS, recordings=recordings)
    world.keep(2, source=world.settings.provenance)
    world.check_same(("", "other code, settings or prices of another source have made them"))
    assert len(world.loaded()["raw.market_chart"]) == 1


# --- What somebody has decided


def test_an_answer_that_was_quarantined_since_is_not_loaded_and_released_it_is_asked_about_again(world):
    world.compact()
    world.decide(world.first, exceptions.QUARANTINED)
    world.check_same()
    assert world.first.file not in str(world.loaded()["raw.market_chart"])
    world.decide(world.first, exceptions.RELEASED)
    world.check_same()
    assert world.first.file in str(world.loaded()["raw.market_chart"])
    assert world.first.file in world.admitted
    world.check_same(decisions=1)
    assert world.first.file not in str(world.loaded()["raw.market_chart"])


def test_an_answer_that_only_a_release_admits_is_in_no_part(world):
    flat = world.keep(4, lambda chart: [point.__setitem__(1, 50_000.0) for point in chart["prices"][3:30]])
    for action in (exceptions.QUARANTINED, exceptions.RELEASED):
        world.decide(flat, action)
    world.compact()
    assert flat.file in str(world.loaded()["raw.market_chart"])
    world.check_same()
    assert world.admitted == [flat.file, world.opinion.file]
    world.check_same(decisions=0)
    assert flat.file not in str(world.loaded()["raw.market_chart"])


# --- What has failed its tests


def test_what_is_built_anew_because_its_tests_have_failed_is_taken_from_the_archive(world):
    world.compact()
    before = world.loaded()
    touched_days.distrust(world.workspace.work, None)
    world.load()
    assert (len(world.admitted), world.loaded()) == (7, before)
    assert not (world.workspace.compacted / "index.json").exists()


def test_so_are_the_answers_of_a_day_whose_test_has_failed(world):
    world.compact()
    days = {str(day) for coin, _, day in world.loaded()["pipeline.touched_days"] if coin == "bitcoin"}
    touched_days.distrust(
        world.workspace.work, [Place(coin_id="bitcoin", vs_currency="usd", date=day) for day in sorted(days)]
    )
    world.load()
    assert len(world.admitted) == 6


def test_other_models_of_the_points_are_reason_to_take_the_parts(world):
    world.compact()
    before = world.loaded()
    world.load(points="points-2")
    assert (world.admitted, world.loaded()) == ([world.opinion.file], before)


# --- Written


def test_a_month_that_is_over_is_not_written_again(world):
    world.compact()
    may, june = world.parts()
    kept = may.stat()
    world.keep(0, coin="solana")
    world.compact()
    assert world.parts()[0] == may
    assert (may.stat().st_ino, may.stat().st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)
    assert not june.exists()
    world.check_same()


def test_other_rows_of_the_same_answers_are_another_part(world):
    world.compact()
    old = world.parts()
    with duckdb.connect(str(world.workspace.work)) as connection:
        connection.execute("update raw.market_chart set total_volumes = null where load_number = 6")
    world.compact_loaded()
    assert (world.parts()[0] == old[0], world.parts()[1] == old[1]) == (True, False)


@pytest.mark.parametrize("killed", [1, 2, 3], ids=["at the first part", "at the second", "at the index"])
def test_after_a_kill_the_old_parts_count_and_the_next_proof_sweeps(world, monkeypatch, killed):
    world.compact()
    old = world.parts()
    for ago in (9, 0):
        world.keep(ago, coin="ethereum")
    world.anew(is_from_parts=False)
    done = []

    def kill(act):
        def killed_or_not(*arguments):
            done.append(act)
            if len(done) == killed:
                raise KeyboardInterrupt
            return act(*arguments)

        return killed_or_not

    with monkeypatch.context() as patched:
        patched.setattr(files, "move_into_place", kill(files.move_into_place))
        with pytest.raises(KeyboardInterrupt):
            world.compact_loaded()
    assert set(old) <= set(world.parts())
    assert len(world.parts()) == 1 + killed
    world.check_same()
    assert len(world.admitted) == 3
    world.compact()
    assert len(world.parts()) == 2
    assert not set(old) & set(world.parts())
    assert {path.name for path in world.workspace.compacted.iterdir()} - {"index.json"} == {
        path.name for path in world.parts()
    }
    world.check_same()
    assert world.admitted == [world.opinion.file]


@pytest.mark.parametrize("obstacle", ["no scratch", "a file in the way"])
def test_if_they_cannot_be_written_the_proof_says_so_in_a_line_and_goes_on(world, obstacle, caplog):
    world.anew(is_from_parts=False)
    if obstacle == "no scratch":
        world.workspace.temporary.rmdir()
    else:
        world.workspace.compacted.write_text("in the way")
    with (
        caplog.at_level(logging.WARNING, "btc_pipeline"),
        duckdb_files.opened(world.workspace.work, read_only=True) as connection,
    ):
        proof._compact(world.workspace, CODE, world.settings, connection)
    (line,) = caplog.messages
    assert line.startswith("ProveHistory does not compact the answers, the old ones stay: ")
    world.workspace.temporary.mkdir(exist_ok=True)
    assert list(world.workspace.temporary.iterdir()) == []


def test_a_disk_that_is_full_leaves_the_old_parts(world, caplog, monkeypatch):
    world.compact()
    old = world.parts()
    world.keep(0, coin="ethereum")
    world.anew(is_from_parts=False)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING, "btc_pipeline"):
        patched.setattr(files, "move_into_place", full)
        with duckdb_files.opened(world.workspace.work, read_only=True) as connection:
            proof._compact(world.workspace, CODE, world.settings, connection)
    assert "No space left on device" in caplog.text
    assert (world.parts(), list(world.workspace.temporary.iterdir())) == (old, [])
    world.check_same()
