"""Nights with a bad answer of a random kind on every third: no final candle is wrong, and the other coin is in time."""

import shutil

import pytest

from tests.support import dbt_at_hand
from tests.sweeps import bad_nights

TAKEN, NOT_GIVEN, REJECTED, STALE = 0, 20, 30, 35
"""The exit codes that one coin may give a run."""


@pytest.fixture(scope="module")
def story(tmp_path_factory, workers):
    """The story. Not to be changed."""
    folder = tmp_path_factory.mktemp("nights")
    with bad_nights.models_tested_once(folder), dbt_at_hand.many():
        yield bad_nights.told(folder, workers)
    shutil.rmtree(folder)


def by_key(candles):
    return sorted(candles, key=lambda row: (row["coin_id"], row["date"]))


def differences(found, expected):
    """Which columns of which candles differ."""
    pairs = [{(row["coin_id"], row["date"]): row for row in rows} for rows in (found, expected)]
    both = [key for key in pairs[0] if key in pairs[1]]
    columns = [
        (*key, name, pairs[0][key][name], pairs[1][key][name])
        for key in both
        for name in pairs[1][key]
        if pairs[0][key][name] != pairs[1][key][name]
    ]
    return columns + sorted(set(pairs[0]) ^ set(pairs[1]))


def test_no_final_candle_is_wrong_after_any_night(story):
    wrong = [
        (story.told(number), *each)
        for number, night in enumerate(story.nights)
        for each in bad_nights.wrong_finals(night.candles)
    ]
    assert wrong == [], "\n".join(map(str, wrong))


def test_the_other_coin_is_never_late(story):
    late = {story.told(number): bad_nights.late(night, story.well) for number, night in enumerate(story.nights)}
    assert {name: says for name, says in late.items() if says} == {}


def test_no_run_ends_with_an_error_for_the_whole(story):
    errors = {story.told(number): night.error for number, night in enumerate(story.nights) if night.error}
    assert errors == {}
    held_back = [
        (story.told(number), *each) for number, night in enumerate(story.nights) for each in night.held_back.items()
    ]
    assert [each for each in held_back if each[1] != story.sick or each[2] not in {NOT_GIVEN, REJECTED, STALE}] == []
    assert [each for number, each in enumerate(story.nights) if each.exit_code and not each.bad] == []


def test_at_the_end_all_that_the_api_could_still_give_is_right(story):
    assert bad_nights.unhealed(story) == []


def test_the_other_coin_is_as_if_the_bad_answers_had_never_been(story):
    ours = [row for row in story.nights[-1].candles if row["coin_id"] == story.well]
    assert differences(story.alone.result(), ours) == []


def test_a_replay_of_any_instant_is_identical_to_what_was_published_then(story):
    found = {
        story.told(number): differences(look.result(), story.nights[number].candles)
        for number, look in story.looks_back.items()
        if not story.nights[number].error
    }
    assert {name: columns for name, columns in found.items() if columns} == {}


def test_a_replay_at_the_end_is_identical(story):
    compared = story.replayed.result()
    assert (compared.candles, compared.differences, compared.lost) == (len(story.nights[-1].candles), [], [])


def test_real_runs_come_to_the_same(story):
    for number, run in story.real.items():
        result, candles = run.result()
        night = story.nights[number]
        assert result.exit_code == night.exit_code, (story.told(number), night, result.stderr)
        assert "Traceback" not in result.stderr
        assert differences(candles, night.candles) == [], story.told(number)
