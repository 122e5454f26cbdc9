"""A backfill asks for what the archive lacks, with the fewest calls that keep hourly points, and for nothing twice."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from btc_pipeline.coingecko import limits
from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.extract import coverage
from btc_pipeline.lake import raw_archive
from btc_pipeline.market.days import Span, last_settled
from btc_pipeline.market.pair import Pair
from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
DAY = timedelta(days=1)
BITCOIN = Pair("bitcoin", "usd")
YEAR = Span(date(2025, 5, 16), date(2026, 5, 14))


@pytest.fixture
def told():
    return replace(reader.load(), source="sample", now=NOW)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path, "sample")


@pytest.fixture
def answered(told, workspace):
    """A function that puts the sample's answer for a chunk into the archive."""

    def keep(first, last, pair=BITCOIN, body=None, **changes):
        request = replace(coverage.request(told, pair, Span(first, last), NOW.date(), NOW), **changes)
        chart = synthetic.market_chart(
            pair.coin_id, pair.vs_currency, request.window_from, request.window_to, request.extracted_at
        )
        return raw_archive.keep(workspace.raw, request, body or json.dumps(chart).encode())

    return keep


def days_of(chunks):
    return [day for chunk in chunks for day in chunk.days]


# --- Chunks


@pytest.mark.parametrize(("days", "calls"), [(1, 1), (89, 1), (90, 1), (91, 2), (180, 2), (181, 3), (364, 5), (365, 5)])
def test_a_span_takes_the_fewest_calls(days, calls):
    span = Span(YEAR.last - (days - 1) * DAY, YEAR.last)
    assert len(coverage.chunks(span, [])) == calls


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_the_chunks_hold_each_day_once_and_none_is_longer_than_hourly_points_allow(is_newest_first):
    chunks = coverage.chunks(YEAR, [], is_newest_first=is_newest_first)
    assert sorted(days_of(chunks)) == YEAR.days
    assert max(len(chunk.days) for chunk in chunks) <= 90


def test_the_newest_days_come_first_unless_the_oldest_are_to():
    newest, oldest = (coverage.chunks(YEAR, [], is_newest_first=first)[0] for first in (True, False))
    assert (newest.last, oldest.first) == (YEAR.last, YEAR.first)


def test_days_that_are_covered_are_not_asked_for():
    assert coverage.chunks(YEAR, YEAR.days) == []


def test_two_holes_near_each_other_are_one_call():
    span = Span(date(2026, 3, 1), date(2026, 5, 14))
    assert coverage.chunks(span, set(span.days) - {date(2026, 3, 5), date(2026, 5, 1)}) == [
        Span(date(2026, 3, 5), date(2026, 5, 1))
    ]


def test_a_chunk_is_whole_days(told):
    request = coverage.request(told, BITCOIN, Span(date(2026, 2, 1), date(2026, 5, 1)), NOW.date(), NOW)
    assert (request.window_from, request.window_to) == (
        datetime(2026, 2, 1, tzinfo=timezone.utc),
        datetime(2026, 5, 1, 23, 59, 59, tzinfo=timezone.utc),
    )


# --- What is covered


def covered(told, workspace, span=YEAR, pair=BITCOIN):
    return coverage.covering(told, workspace, pair, span)[0]


def test_an_empty_archive_covers_nothing(told, workspace):
    assert covered(told, workspace) == set()


def test_a_good_answer_covers_its_days(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1))
    assert covered(told, workspace) == set(Span(date(2026, 2, 1), date(2026, 4, 1)).days)


def test_the_fewest_answers_are_relied_on(told, workspace, answered):
    answered(date(2026, 4, 1), date(2026, 4, 7))
    long = answered(date(2026, 3, 1), date(2026, 4, 30))
    _, used = coverage.covering(told, workspace, BITCOIN, Span(date(2026, 3, 1), date(2026, 4, 30)))
    assert used == [long]


@pytest.mark.parametrize("pair", [Pair("ethereum", "usd"), Pair("bitcoin", "eur")], ids=str)
def test_the_answers_of_another_pair_cover_nothing(pair, told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1), pair)
    assert covered(told, workspace) == set()


def test_the_answers_of_another_source_cover_nothing(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1), provenance="CoinGecko")
    assert covered(told, workspace) == set()


def test_a_refused_answer_covers_nothing(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1), body=b'{"prices": [[1, 2]], "market_caps": [], "total_volumes": []}')
    assert covered(told, workspace) == set()


def test_a_damaged_answer_covers_nothing(told, workspace, answered):
    path = workspace.raw / answered(date(2026, 2, 1), date(2026, 4, 1)).file
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    assert covered(told, workspace) == set()


EMPTY = b'{"prices": [], "market_caps": [], "total_volumes": []}'


def test_days_before_a_coin_was_listed_are_covered_by_an_empty_answer(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1), body=EMPTY)
    answered(date(2026, 4, 2), date(2026, 4, 30))
    assert len(covered(told, workspace)) == 60 + 29


def test_an_empty_answer_for_days_after_a_coin_was_listed_covers_nothing(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1))
    answered(date(2026, 4, 2), date(2026, 4, 30), body=EMPTY)
    assert max(covered(told, workspace)) == date(2026, 4, 1)


def test_a_coin_of_which_there_is_not_one_price_is_not_covered(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 4, 1), body=EMPTY)
    assert covered(told, workspace) == set()


def test_an_answer_that_begins_late_covers_nothing_before_its_first_point(told, workspace, answered):
    answered(date(2026, 2, 1), date(2026, 2, 28))
    request = coverage.request(told, BITCOIN, Span(date(2026, 3, 1), date(2026, 3, 31)), NOW.date(), NOW)
    late = synthetic.market_chart("bitcoin", "usd", request.window_from + 9 * DAY, request.window_to, NOW)
    answered(date(2026, 3, 1), date(2026, 3, 31), body=json.dumps(late).encode())
    assert set(Span(date(2026, 2, 1), date(2026, 3, 31)).days) - covered(told, workspace) == set(
        Span(date(2026, 3, 1), date(2026, 3, 9)).days
    )


def test_a_coin_that_was_listed_within_a_chunk_is_covered(told, workspace, answered):
    newcomer = Pair("sample-newcomer", "usd")
    answered(date(2026, 1, 1), date(2026, 3, 10), newcomer)
    assert len(covered(told, workspace, pair=newcomer)) == 69


def test_a_day_that_was_not_settled_when_it_was_asked_for_is_not_covered(told, workspace, answered):
    early = datetime(2026, 5, 15, 0, 34, tzinfo=timezone.utc)
    answered(date(2026, 5, 1), date(2026, 5, 14), extracted_at=early)
    assert max(covered(told, workspace)) == date(2026, 5, 13)


def test_a_day_that_was_asked_for_in_part_is_not_covered(told, workspace, answered):
    noon = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
    answered(date(2026, 5, 1), date(2026, 5, 3), window_from=noon)
    assert covered(told, workspace) == {date(2026, 5, 2), date(2026, 5, 3)}


# --- What can be had


@pytest.mark.parametrize(
    ("moment", "newest"),
    [("2026-05-15T00:34:59Z", date(2026, 5, 13)), ("2026-05-15T00:35:00Z", date(2026, 5, 14))],
)
def test_a_day_is_settled_35_minutes_after_its_end(moment, newest):
    assert last_settled(datetime.fromisoformat(moment.replace("Z", "+00:00"))) == newest


def test_a_span_that_can_be_had_is_accepted(told):
    assert limits.checked(told, YEAR, NOW) == YEAR


@pytest.mark.parametrize(
    ("span", "names"),
    [
        (Span(date(2026, 5, 14), date(2026, 5, 13)), ("--start 2026-05-14", "--end 2026-05-13")),
        (Span(date(2026, 5, 1), date(2026, 5, 15)), ("--end 2026-05-15", "2026-05-14 or earlier")),
        (Span(date(2025, 5, 15), date(2026, 5, 1)), ("--start 2025-05-15", "365 days", "2025-05-16 or later")),
    ],
    ids=str,
)
def test_a_span_that_cannot_be_had_is_refused_by_name(span, names, told):
    with pytest.raises(ConfigurationError) as refused:
        limits.checked(told, span, NOW)
    assert [name for name in names if name not in str(refused.value)] == []


def test_a_pro_plan_reaches_back_further(told):
    long_ago = Span(date(2014, 1, 1), date(2014, 2, 1))
    assert limits.checked(replace(told, plan="pro"), long_ago, NOW) == long_ago
