"""What a sweep of COUNT leaves out of the groups whose tests have turns."""

from typing import Any

import pytest

from tests.support import swept


class Case:
    """A collected test, as far as its turn goes."""

    def __init__(self, *turn):
        self.turn = turn

    def get_closest_marker(self, name):
        return getattr(pytest.mark, name)(*self.turn).mark if self.turn else None


KILL, SAME_KILL, DAMAGE = Case("harm", "kill"), Case("harm", "kill"), Case("harm", "damage")
ITEMS: list[Any] = [Case(), KILL, DAMAGE, SAME_KILL, Case("age", "old")]


def left_out(monkeypatch, count, seed):
    monkeypatch.setattr(swept, "COUNT", count)
    monkeypatch.setattr(swept, "SEED", seed)
    return swept.without_turn(ITEMS)


def test_of_a_group_all_tests_of_one_name_have_their_turn_and_each_name_with_some_seed(monkeypatch):
    found = [left_out(monkeypatch, 1, seed) for seed in range(20)]
    assert all(each in ([KILL, SAME_KILL], [DAMAGE]) for each in found)
    assert {len(each) for each in found} == {1, 2}


@pytest.mark.parametrize("count", [None, 2])
def test_with_as_many_as_there_are_or_without_a_count_none_is_left_out(count, monkeypatch):
    assert left_out(monkeypatch, count, 7) == []
