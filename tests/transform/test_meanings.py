"""What the failure of a test means: the census refuses a test that does not say, and one whose severity denies it."""

from collections import Counter

import pytest

from btc_pipeline.errors import CandleTestError
from btc_pipeline.transform import declared_tests, judge, meanings

NAME = "singular:assert_it"


def outcome(name=NAME, **facts):
    return {"kind": "test", "name": name, "status": "pass", "message": "", **facts}


def refusal(*tests):
    with pytest.raises(CandleTestError) as refused:
        meanings.check(tests)
    assert 'Next: write {{ config(meta={"failure": "answer"}) }} into the test' in str(refused.value)
    return refused.value.facts


@pytest.mark.parametrize(("meaning", "severity"), [("answer", "error"), ("doubt", "warn"), ("ours", "error")])
def test_a_test_whose_severity_goes_with_its_meaning_is_accepted(meaning, severity):
    meanings.check([outcome(meaning=meaning, severity=severity)])


@pytest.mark.parametrize("facts", [{}, {"severity": "error"}, {"severity": "warn", "meaning": ""}])
def test_a_test_that_does_not_say_what_its_failure_means_is_refused(facts):
    assert refusal(outcome(**facts)) == {"silent": NAME}


@pytest.mark.parametrize("meaning", ["Answer", "theirs", "None"])
def test_a_word_that_nobody_knows_is_refused(meaning):
    assert refusal(outcome(meaning=meaning, severity="error")) == {"unknown": f"{NAME}={meaning}"}


@pytest.mark.parametrize(("meaning", "severity"), [
    ("answer", "warn"), ("ours", "warn"), ("doubt", "error"), ("ours", ""),
])  # fmt: skip
def test_a_meaning_that_the_severity_denies_is_refused(meaning, severity):
    facts = refusal(outcome(meaning=meaning, severity=severity))
    assert facts == {"contradicted": f"{NAME}={meaning}/{severity or 'none'}"}


def test_all_refused_tests_are_named():
    good = outcome("singular:good", meaning="ours", severity="error")
    facts = refusal(outcome("generic:b..c"), good, outcome("singular:a"), outcome("singular:d", meaning="x"))
    assert facts == {"silent": "generic:b..c,singular:a", "unknown": "singular:d=x"}


@pytest.mark.parametrize("name", ["unit:a_day_ends_at_midnight", "freshness:raw.market_chart"])
def test_unit_tests_and_freshness_are_ours_by_nature(name):
    meanings.check([outcome(name)])


def test_the_census_refuses_a_test_that_does_not_say(monkeypatch):
    monkeypatch.setattr(declared_tests, "declared", lambda _: Counter([NAME]))
    judge.take_census([outcome(meaning="ours", severity="error")])
    with pytest.raises(CandleTestError, match=r"what its failure means.*silent=singular:assert_it"):
        judge.take_census([outcome()])
