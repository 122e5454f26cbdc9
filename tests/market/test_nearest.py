"""The nearest names: the most similar first, and none that is too far."""

from btc_pipeline.market import nearest

KNOWN = ["bitcoin", "bitcoin-cash", "ethereum", "litecoin"]


def test_the_most_similar_name_comes_first():
    assert nearest.names("bitcon", KNOWN, most=2, least_ratio=0.7)[0] == "bitcoin"


def test_there_are_at_most_so_many():
    assert len(nearest.names("bitcoin", KNOWN, most=2, least_ratio=0.0)) == 2


def test_what_is_too_far_is_no_answer():
    assert nearest.names("xyz", KNOWN, most=4, least_ratio=0.7) == []
