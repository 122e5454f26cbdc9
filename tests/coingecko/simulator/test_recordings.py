"""Recordings: read as they are, cut right, served like the real API's answers; bad ones named."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from btc_pipeline.coingecko.simulator.recordings import RecordingError, Recordings
from btc_pipeline.coingecko.simulator.server import ReplayServer

NOW = datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc)
DAY = timedelta(days=1)
NAMES = "btc_usd_{}_2021-05-15.json"
HOURLY, FIVE_MINUTES, DAILY = (NAMES.format(series) for series in ("30d_hourly", "1d_5min", "90d_daily"))
LIVE_STAMPS = {
    "hourly": datetime(2021, 5, 15, 14, 13, 29, tzinfo=timezone.utc),
    "5min": datetime(2021, 5, 15, 14, 39, 54, tzinfo=timezone.utc),
}
SHARED = Path(__file__).resolve().parents[4] / "shared" / "coingecko"
"""Real recordings, where at hand; the stand-in has their form, their windows and their live points."""


def milliseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def body(stamps: list[int]) -> dict[str, list[list[float | None]]]:
    return {
        "prices": [[stamp, 50_000 + stamp % 997 / 7] for stamp in stamps],
        "market_caps": [[stamp, None if stamp % 5 == 0 else 9.5e11] for stamp in stamps],
        "total_volumes": [[stamp, 6.1e10] for stamp in stamps],
    }


def series(first: datetime, last: datetime, step: timedelta) -> list[int]:
    """Jittered stamps in ms, none on a whole second, from `first` to `last`, one of the slots left out."""
    stamps = range(milliseconds(first), milliseconds(last) + 1, step // timedelta(milliseconds=1))
    return [stamp + 1 + 7 * number % 500 for number, stamp in enumerate(stamps) if number != 3]


def write_stand_in(folder: Path) -> None:
    hourly = series(datetime(2021, 4, 15, 15, 4, tzinfo=timezone.utc), NOW, timedelta(hours=1))
    five_minutes = series(NOW - DAY, NOW - timedelta(minutes=3), timedelta(minutes=5))
    before_live = milliseconds(LIVE_STAMPS["5min"]) + 955
    daily = [milliseconds((NOW - number * DAY).replace(hour=0, minute=0, second=0)) for number in range(89, -1, -1)]
    live = {granularity: milliseconds(instant) for granularity, instant in LIVE_STAMPS.items()}
    stamps = {
        HOURLY: [*hourly, live["hourly"]],
        FIVE_MINUTES: [*(each for each in five_minutes if each < live["5min"]), before_live, live["5min"]],
        DAILY: [*daily, live["5min"]],
    }
    for name, recorded in stamps.items():
        (folder / name).write_text(json.dumps(body(recorded)), encoding="utf-8")
    (folder / "SOURCES.md").write_text("# Where they come from\n", encoding="utf-8")
    (folder / "btc_usd_7d_ohlc_2021.json").write_text("[[1620504000000,1,2,1,2]]", encoding="utf-8")
    (folder / "error_bodies.json").write_text("not even JSON", encoding="utf-8")


@pytest.fixture(params=["stand-in", *(["real"] if SHARED.is_dir() else [])])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with an hourly, a 5-minute and a daily recording of 2021-05-15, and other files."""
    if request.param == "stand-in":
        write_stand_in(tmp_path)
    else:
        for file in SHARED.iterdir():
            shutil.copy(file, tmp_path)
    return tmp_path


def recorded(folder: Path, name: str) -> dict[str, list[list[Any]]]:
    content: dict[str, list[list[Any]]] = json.loads((folder / name).read_text(encoding="utf-8"))
    return content


def answer(folder: Path, start: datetime, end: datetime, now: datetime) -> dict[str, list[list[Any]]]:
    return Recordings.read(folder).market_chart("bitcoin", "usd", start, end, now)


# --- what is served


@pytest.mark.parametrize(("days", "name"), [(30.5, HOURLY), (1, FIVE_MINUTES), (91, DAILY)])
def test_a_window_over_all_of_it_serves_the_whole_recording_unchanged(folder: Path, days: float, name: str) -> None:
    assert answer(folder, NOW - timedelta(days=days), NOW, NOW) == recorded(folder, name)


def test_a_window_is_cut_on_both_sides_inclusively(folder: Path) -> None:
    stamps = [point[0] for point in recorded(folder, HOURLY)["prices"]]
    first, last = (datetime.fromtimestamp(stamps[number] / 1000, timezone.utc) for number in (100, 300))
    prices = answer(folder, first, last, NOW)["prices"]
    assert prices == recorded(folder, HOURLY)["prices"][100:301]


def test_the_three_arrays_are_cut_alike(folder: Path) -> None:
    chart = answer(folder, NOW - 7 * DAY, NOW - 2 * DAY, NOW)
    stamps = {name: [point[0] for point in array] for name, array in chart.items()}
    assert stamps["prices"] == stamps["market_caps"] == stamps["total_volumes"]
    assert len(stamps["prices"]) > 100


def test_a_replay_as_of_an_earlier_now_ends_there_and_has_no_live_point(folder: Path) -> None:
    now = NOW - 3 * DAY
    stamps = [point[0] for point in answer(folder, now - 7 * DAY, NOW, now)["prices"]]
    assert milliseconds(now - timedelta(hours=2)) < max(stamps) <= milliseconds(now)
    assert all(stamp % 1000 for stamp in stamps)


@pytest.mark.parametrize(
    ("after", "is_served"), [(0, True), (28 * 60 + 54, True), (3599, True), (3600, False), (86_400, False)]
)
def test_the_live_point_is_served_for_less_than_an_hour_after_its_stamp(
    folder: Path, after: int, is_served: bool
) -> None:
    live = LIVE_STAMPS["hourly"]
    now = live + timedelta(seconds=after)
    stamps = [point[0] for point in answer(folder, now - 7 * DAY, now, now)["prices"]]
    assert (milliseconds(live) in stamps) == is_served
    assert len(stamps) > 100


def test_the_out_of_order_live_point_of_the_5_minute_recording_stays_last(folder: Path) -> None:
    *_, before, live = (point[0] for point in answer(folder, NOW - DAY, NOW, NOW)["prices"])
    assert live == milliseconds(LIVE_STAMPS["5min"]) == before - 955


def test_settled_midnights_of_the_daily_recording_are_not_taken_for_live_points(folder: Path) -> None:
    content = {name: array[:-1] for name, array in recorded(folder, DAILY).items()}
    (folder / DAILY).write_text(json.dumps(content), encoding="utf-8")
    assert answer(folder, NOW - 91 * DAY, NOW, NOW) == content


def test_the_hourly_recording_serves_a_day_that_has_no_5_minute_one(folder: Path) -> None:
    (folder / FIVE_MINUTES).unlink()
    wanted = [point for point in recorded(folder, HOURLY)["prices"] if point[0] >= milliseconds(NOW - DAY)]
    assert answer(folder, NOW - DAY, NOW, NOW)["prices"] == wanted


def test_the_hourly_recording_serves_a_day_that_the_5_minute_one_does_not_reach(folder: Path) -> None:
    now = NOW - 10 * DAY
    assert 20 < len(answer(folder, now - DAY, now, now)["prices"]) < 30


def test_a_window_without_recorded_points_is_three_empty_arrays(folder: Path) -> None:
    now = NOW + 400 * DAY
    assert answer(folder, now - 7 * DAY, now, now) == {"prices": [], "market_caps": [], "total_volumes": []}


def test_of_two_recordings_the_one_that_covers_more_of_the_window_is_served(tmp_path: Path) -> None:
    old, new = ([milliseconds(NOW - days * DAY) + 7] for days in (20, 10))
    (tmp_path / "eth_usd_30d_hourly_2021-05-01.json").write_text(json.dumps(body(old)), encoding="utf-8")
    (tmp_path / "ethereum_usd_30d_hourly_2021-05-14.json").write_text(json.dumps(body(new)), encoding="utf-8")
    recordings = Recordings.read(tmp_path)
    for days, stamps in ((20, old), (10, new)):
        window = NOW - (days + 3) * DAY, NOW - (days - 3) * DAY
        assert recordings.market_chart("ethereum", "usd", *window, NOW) == body(stamps)


def test_of_two_recordings_that_cover_as_much_the_newest_is_served(tmp_path: Path) -> None:
    for day, cap in ((13, 1.0), (15, 3.0), (14, 2.0)):
        content = {**body([milliseconds(NOW - DAY) + 7]), "market_caps": [[milliseconds(NOW - DAY) + 7, cap]]}
        (tmp_path / f"btc_usd_{day}d_hourly_2021-05-{day}.json").write_text(json.dumps(content), encoding="utf-8")
    assert answer(tmp_path, NOW - 7 * DAY, NOW, NOW)["market_caps"][0][1] == 3.0


def test_recordings_know_their_coins_by_coingecko_id_and_their_pairs(tmp_path: Path) -> None:
    for name in ("btc_usd_1d_hourly_2021-05-15.json", "shiba-inu_eur_1d_hourly_2021-05-15.json"):
        (tmp_path / name).write_text(json.dumps(body([milliseconds(NOW)])), encoding="utf-8")
    recordings = Recordings.read(tmp_path)
    assert recordings.knows_coin("bitcoin")
    assert not recordings.knows_coin("btc")
    assert recordings.knows_currency("shiba-inu", "eur")
    assert not recordings.knows_currency("bitcoin", "eur")


# --- what cannot be served


def nest(points: object) -> str:
    return json.dumps({**body([1_621_000_000_001]), "market_caps": points})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        b"\xff\xfe",
        '{"prices": []}',
        '{"error": "coin not found"}',
        nest([]),
        nest({"1621000000001": 1}),
        nest([[1_621_000_000_001]]),
        nest([[1_621_000_000_001, "1"]]),
        nest([[1_621_000_000_001, True]]),
        nest([[1_621_000_000_001.5, 1.0]]),
        nest([[None, 1.0]]),
        nest([[1_621_000_000_001, 1.0], 7]),
        nest([[1_621_000_000_001, float("nan")]]),
        nest([[1_621_000_000_001, 0]]).replace("0]]", "1e999]]"),
    ],
    ids=range(18),
)
def test_a_damaged_recording_is_one_line_that_names_the_file(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / HOURLY).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(RecordingError, match=HOURLY) as caught:
        Recordings.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_recording_with_an_impossible_date_is_refused(tmp_path: Path) -> None:
    (tmp_path / "btc_usd_1d_hourly_2021-02-30.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordingError, match="2021-02-30"):
        Recordings.read(tmp_path)


def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / HOURLY).mkdir()
    with pytest.raises(RecordingError, match=HOURLY):
        Recordings.read(tmp_path)


def test_a_missing_folder_or_one_without_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"absent: No such file"):
        Recordings.read(tmp_path / "absent")
    (tmp_path / "btc_usd_7d_ohlc_2021.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RecordingError, match=f"no recording in {tmp_path}"):
        Recordings.read(tmp_path)


# --- CoinGecko's own candles


def test_recorded_candles_are_served_as_they_are(folder):
    recorded = json.loads((folder / "btc_usd_7d_ohlc_2021.json").read_text())
    assert Recordings.read(folder).ohlc("bitcoin", "usd", 14, NOW) == recorded


def test_candles_that_had_not_begun_and_those_before_the_window_are_not_served(folder):
    (folder / "btc_usd_7d_ohlc_2021.json").write_text(
        json.dumps([[milliseconds(NOW.replace(hour=hour, minute=0, second=0)), 1, 2, 1, 2] for hour in (12, 16, 20)])
    )
    recordings = Recordings.read(folder)
    assert [at[0] % 86_400_000 // 3_600_000 for at in recordings.ohlc("bitcoin", "usd", 7, NOW)] == [12, 16]
    assert recordings.ohlc("bitcoin", "usd", 7, NOW + 8 * DAY) == []
    assert recordings.ohlc("bitcoin", "eur", 7, NOW) == recordings.ohlc("ethereum", "usd", 7, NOW) == []


@pytest.mark.parametrize(("content", "words"), [
    ("{}", "not a JSON array"),
    ("[[1620504000000, 1, 2, 1]]", "row 0 is not"),
    ("[[1620504000000, 1, 2, 1, 2], 7]", "row 1 is not"),
    ('[[1620504000000, 1, "2", 1, 2]]', "row 0 is not"),
    ("[", "damaged recording"),
])  # fmt: skip
def test_damaged_candles_are_named(content, words, folder):
    (folder / "btc_usd_7d_ohlc_2021.json").write_text(content)
    with pytest.raises(RecordingError, match=f"btc_usd_7d_ohlc_2021.json: .*{words}|{words}.*btc_usd_7d_ohlc_2021"):
        Recordings.read(folder)


# --- charts by days, and the lists


def served(get, folder, path, now=NOW):
    with ReplayServer(Recordings.read(folder), now) as server:
        return get(f"{server.base_url}{path}")


@pytest.mark.parametrize(("days", "name"), [("1", FIVE_MINUTES), ("31", HOURLY), ("91", DAILY), ("max", DAILY)])
def test_a_chart_by_days_serves_the_whole_recording_of_its_granularity(folder, get, days, name):
    path = f"/coins/bitcoin/market_chart?vs_currency=usd&days={days}"
    assert served(get, folder, path) == (200, recorded(folder, name))


def test_the_limit_of_365_days_is_not_applied_to_recordings(folder, get):
    path = "/coins/bitcoin/market_chart?vs_currency=usd&days=999999999"
    assert served(get, folder, path, NOW + 2 * 365 * DAY)[0] == 200


def test_recordings_list_their_own_coins_and_currencies(folder, get):
    (folder / "avalanche-2_eur_1d_hourly_2021-05-15.json").write_text(json.dumps(body([milliseconds(NOW)])))
    (folder / "unheard-of_usd_1d_hourly_2021-05-15.json").write_text(json.dumps(body([milliseconds(NOW)])))
    assert served(get, folder, "/coins/list") == (200, [
        {"id": "avalanche-2", "symbol": "avax", "name": "Avalanche"},
        {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"},
        {"id": "unheard-of", "symbol": "unheard-of", "name": "unheard-of"},
    ])  # fmt: skip
    assert served(get, folder, "/simple/supported_vs_currencies") == (200, ["eur", "usd"])


def test_recorded_lists_are_served_word_for_word(folder, get):
    coins = [{"id": "z", "symbol": "", "name": "", "platforms": {}}, {"id": "bitcoin", "symbol": "btc", "name": "₿"}]
    (folder / "coins_list.json").write_text(json.dumps(coins), encoding="utf-8")
    (folder / "supported_vs_currencies.json").write_text('["xdr", "btc"]')
    assert served(get, folder, "/coins/list") == (200, coins)
    assert served(get, folder, "/simple/supported_vs_currencies") == (200, ["xdr", "btc"])


@pytest.mark.parametrize("name", ["coins_list.json", "supported_vs_currencies.json"])
@pytest.mark.parametrize(("content", "words"), [
    ("[", "damaged recording"),
    ("{}", "not a JSON array"),
    ("[]", "not a JSON array with entries"),
    ("[7]", "entry 0 is not"),
    ('[{"id": "a", "symbol": "b"}]', "entry 0 is not"),
    ('[{"id": "", "symbol": "b", "name": "c"}]', "entry 0 is not"),
    ('[{"id": "a", "symbol": null, "name": "c"}]', "entry 0 is not"),
    ('[""]', "entry 0 is not"),
])  # fmt: skip
def test_a_damaged_list_is_named(name, content, words, folder):
    (folder / name).write_text(content)
    with pytest.raises(RecordingError, match=f"{name}: .*{words}|{words}.*{name}"):
        Recordings.read(folder)
