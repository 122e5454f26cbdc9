"""The hashed numbers: in one go as one by one, and spread as they should be."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest

from btc_pipeline.coingecko.simulator.noise import noises, uniform, uniforms


@pytest.mark.parametrize("key", [("a", "b"), ("it's", "b", 7), (("bitcoin", "5min", 19_820), "rank")])
def test_numbers_in_one_go_are_those_one_by_one(key):
    numbers = [0, -3, 7, 1_712_577_859_663]
    assert uniforms(key, numbers) == [uniform(*key, number) for number in numbers]


def test_no_numbers_are_none():
    assert uniforms(("a", "b"), []) == noises(("a", "b"), [], 10) == []


def test_numbers_are_spread_evenly():
    tenths = [int(10 * share) for share in uniforms(("a", "b"), range(10_000))]
    assert all(900 < tenths.count(tenth) < 1_100 for tenth in range(10))


def test_noise_is_random_at_the_nodes_and_smooth_between_them():
    at_nodes = noises(("a", "b"), range(0, 1_000, 100), 100)
    assert at_nodes == [2 * share - 1 for share in uniforms(("a", "b", 100), range(10))]
    fine = noises(("a", "b"), range(901), 100)
    assert fine[::100] == at_nodes
    assert max(abs(later - earlier) for earlier, later in pairwise(fine)) < 0.03
    assert statistics.pstdev(fine) > 0.2


def test_noise_does_not_depend_on_what_else_is_asked():
    assert noises(("a", "b"), [205, 7, 991], 100) == [noises(("a", "b"), [at], 100)[0] for at in (205, 7, 991)]
