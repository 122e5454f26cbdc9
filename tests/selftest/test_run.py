"""The self-test: what it injects, that each check of ours has a fault to catch, and that a blind one shows."""

import re
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest

from btc_pipeline import __main__ as command_line
from btc_pipeline.selftest import answer_faults, days_after, good_day, kinds, model_faults, run
from btc_pipeline.selftest.kinds import AnswerFault, CensusFault, DatabaseFault
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.system.project import DBT_PROJECT
from btc_pipeline.tasks import Transform
from btc_pipeline.transform import declared_tests
from btc_pipeline.verify import gate
from tests.publish.test_swap import SETTINGS

CHECKS = {fault.check for fault in model_faults.ALL}
GATE = Path(gate.__file__).read_text(encoding="utf-8")

UNTOUCHED = AnswerFault("nothing at all", "prices_are_positive", lambda chart: None)
OTHERWISE = AnswerFault("caught by another", "prices_are_finite", lambda chart: chart["prices"][7].__setitem__(1, 0))
HARMLESS = DatabaseFault("nothing in the database", "singular:assert_no_gap_is_open", "select 1")
LOW = DatabaseFault("low of zero", "generic:daily_candlestick.low.finite_and_positive",
                    "update main.daily_candlestick set low = 0 where date = date '2026-05-13'")  # fmt: skip
DROPPED = CensusFault("dropped", "census", "singular:assert_no_gap_is_open")
SILENT = CensusFault("silent", "census", "singular:assert_no_gap_is_open", (("meaning", ""),))
NONE_DROPPED = CensusFault("none dropped", "census", "singular:there_is_no_such_test")
SOME = (answer_faults.ANSWERS[0], UNTOUCHED, OTHERWISE, HARMLESS, LOW, DROPPED, SILENT, NONE_DROPPED)


@pytest.fixture(scope="module")
def verdicts():
    """What became of some faults, good ones and some that no check can catch."""
    models = Transform(
        date=good_day.DAYS[0].date()
    ).sources_hash()  # whose unit tests have run when the project was installed
    return {each.fault.name: each for each in run.run(SETTINGS, models, SOME, run.Draw(None, 0))}


# --- What is injected


@pytest.mark.parametrize("name", [
    "high below close", "duplicated stamp", "hours missing", "zone shifted ahead (+5:30)", "zero price", "NaN price",
    "array truncated", "seconds instead of milliseconds", "partial day overwriting a full one", "summed volume",
    "stale repeat", "swapped coins", "future point", "conflicting duplicates", "daily points passed as hourly",
    "live point left in", "dropped test",
])  # fmt: skip
def test_each_agreed_fault_is_injected(name):
    assert name in {fault.name for fault in model_faults.ALL}


def test_each_fault_has_a_name_of_its_own():
    assert {name for name, number in Counter(fault.name for fault in model_faults.ALL).items() if number > 1} == set()


def test_each_fault_behind_the_gate_names_a_declared_test():
    declared = set(declared_tests.declared(DBT_PROJECT))
    assert {fault.check for fault in model_faults.ALL if isinstance(fault, DatabaseFault)} <= declared
    assert {fault.test for fault in model_faults.ALL if isinstance(fault, CensusFault)} <= declared


@pytest.mark.parametrize("test", sorted(path.stem for path in (DBT_PROJECT / "tests").glob("*.sql")))
def test_each_singular_test_has_a_fault_to_catch(test):
    assert f"singular:{test}" in CHECKS


def test_each_check_of_the_gate_for_prices_has_a_fault_to_catch():
    gate_for_prices = GATE[: GATE.index("def ohlc(")] + GATE[GATE.index("def _point(") :]
    named = set(re.findall(r'"([a-z]+(?:_[a-z]+){2,})"', gate_for_prices))
    assert len(named) > 10
    assert named - CHECKS == {"market_caps", "total_volumes"} & (named - CHECKS)


def test_the_pages_say_how_many_faults_there_are():
    count, docs = len(model_faults.ALL), DBT_PROJECT.parent / "docs"
    assert f"injects {count} faults" in (docs / "tutorial.md").read_text(encoding="utf-8")
    assert f"{count} of {count} faults caught" in (docs / "quality.md").read_text(encoding="utf-8")


# --- Whose days after are looked at


BEHIND = [fault for fault in model_faults.ALL if isinstance(fault, DatabaseFault)]


def test_a_seed_draws_the_same_faults_again_and_another_one_others():
    assert days_after.drawn(BEHIND, 4, 17) == days_after.drawn(BEHIND, 4, 17)
    assert len({tuple(fault.name for fault in days_after.drawn(BEHIND, 4, seed)) for seed in range(20)}) > 10


@pytest.mark.parametrize("count", [0, 1, 4])
def test_as_many_as_wanted_are_drawn_in_their_order(count):
    drawn = days_after.drawn(BEHIND, count, 3)
    assert len(drawn) == count
    assert drawn == [fault for fault in BEHIND if fault in drawn]


@pytest.mark.parametrize("count", [None, len(BEHIND), 1000])
def test_all_are_drawn_if_wanted(count):
    assert days_after.drawn(BEHIND, count, 3) == BEHIND


@pytest.mark.parametrize(("outcome", "is_caught"), [
    ("rejected", True), ("fails", True), ("warns", True),
    ("MISSED", False), (kinds.WARNS_BUT_FINAL, False), (kinds.COMES_BACK, False),
])  # fmt: skip
def test_what_is_left_over_is_not_caught(outcome, is_caught):
    assert kinds.FaultVerdict(UNTOUCHED, outcome).is_caught == is_caught


WRONG = {("bitcoin", "usd", "2026-05-13", "hourly")}


@pytest.mark.parametrize(("own", "other", "wrong", "outcome"), [
    ("fail", "pass", WRONG, "fails"),
    ("warn", "pass", set(), "warns"),
    ("warn", "warn", WRONG, kinds.WARNS_BUT_FINAL),
    ("warn", "fail", WRONG, "warns"),  # nothing is published
    ("warn", "skipped", WRONG, "warns"),
    ("pass", "fail", WRONG, "MISSED"),
])  # fmt: skip
def test_a_warning_counts_only_if_no_wrong_candle_is_published_as_final(own, other, wrong, outcome):
    tests = [{"name": LOW.check, "status": own}, {"name": "singular:other", "status": other}]
    assert run.verdict(LOW, tests, wrong).outcome == outcome


DAY = ("bitcoin", "usd", "2026-05-13")
HOURLY, FINE, OTHER = (*DAY, "hourly", 1.0), (*DAY, "5-minute", 1.1), (*DAY, "hourly", 2.0)


@pytest.mark.parametrize(("found", "are_right"), [
    ({HOURLY}, True), ({FINE}, True),  # either series is right
    ({OTHER}, False), ({HOURLY, OTHER}, False), (set(), False),
])  # fmt: skip
def test_the_candles_are_right_if_none_is_wrong_and_no_day_is_missing(found, are_right):
    assert days_after.are_right(found, {HOURLY, FINE}, {DAY}) == are_right


def test_a_day_that_the_good_answers_do_not_cover_may_stay_without_a_final_candle():
    assert days_after.are_right(set(), {HOURLY}, set())


@pytest.mark.parametrize(("outcome", "is_healed", "in_the_end"), [
    ("fails", True, "fails"), ("warns", False, "COMES BACK"), ("rejected", False, "COMES BACK"),
    ("MISSED", False, "MISSED"), (kinds.WARNS_BUT_FINAL, False, kinds.WARNS_BUT_FINAL),
])  # fmt: skip
def test_what_is_caught_and_comes_back_is_not_caught(outcome, is_healed, in_the_end):
    verdict = run.followed(kinds.FaultVerdict(LOW, outcome), is_healed=is_healed)
    assert (verdict.outcome, verdict.days_after) == (in_the_end, 2)


# --- What becomes of it


def of_a_real_run(test):
    """`make selftest` has such a run of all faults."""
    return pytest.mark.sweep(pytest.mark.turn("a project that is changed", "some faults")(test))


@of_a_real_run
@pytest.mark.parametrize(("name", "outcome"), [
    ("zero price", "rejected"), ("low of zero", "fails"), ("dropped", "fails"), ("silent", "fails"),
])  # fmt: skip
def test_a_fault_is_caught_by_the_check_that_is_named_for_it(name, outcome, verdicts):
    assert (verdicts[name].outcome, verdicts[name].is_caught) == (outcome, True)


@of_a_real_run
@pytest.mark.parametrize("name", ["nothing at all", "nothing in the database", "none dropped"])
def test_what_no_check_catches_is_missed(name, verdicts):
    assert (verdicts[name].outcome, verdicts[name].is_caught, verdicts[name].others) == ("MISSED", False, ())


@of_a_real_run
def test_what_another_check_catches_is_missed_by_its_own(verdicts):
    assert verdicts["caught by another"].outcome == "MISSED"
    assert verdicts["caught by another"].others == ("prices_are_positive",)


@of_a_real_run
def test_the_days_after_are_those_of_each_fault_that_is_drawn_and_of_the_gate(verdicts):
    followed = {name for name, each in verdicts.items() if each.days_after == 2}
    assert followed == {"zero price", HARMLESS.name, LOW.name}


@of_a_real_run
def test_the_verdicts_are_in_the_order_of_the_faults(verdicts):
    assert list(verdicts) == [fault.name for fault in SOME]


@of_a_real_run
def test_the_matrix_names_fault_outcome_and_check_and_counts(verdicts):
    text = run.matrix(list(verdicts.values()), 0)
    assert text.startswith("self-test on SAMPLE data, ")
    assert re.search(r"^zero price +rejected +2 +prices_are_positive$", text, re.MULTILINE)
    assert re.search(r"^nothing at all +MISSED +prices_are_positive$", text, re.MULTILINE)
    assert text.endswith("\n4 of 8 faults caught")


# --- A gate that has gone blind


def test_a_blind_gate_is_seen(monkeypatch, tmp_path):
    now = datetime(2026, 5, 15, tzinfo=timezone.utc)
    monkeypatch.setattr(gate, "market_chart", lambda *_: gate.Verified(1, 0, "hourly", now, now, now))
    workspace = Workspace(tmp_path, "sample")
    good_day.keep_answers(SETTINGS, workspace, "bitcoin", good_day.DAYS[0])
    good = good_day.GoodDay(SETTINGS, workspace, "")
    outcomes = {run.rejected(good, fault).outcome for fault in answer_faults.ANSWERS if isinstance(fault, AnswerFault)}
    assert outcomes == {"MISSED"}


def test_a_missed_fault_ends_with_50_one_line_and_the_matrix(monkeypatch, capfd):
    monkeypatch.setattr(model_faults, "ALL", (UNTOUCHED, answer_faults.ANSWERS[0]))
    with pytest.raises(SystemExit) as ended:
        command_line.main(["selftest"])
    out, err = capfd.readouterr()
    assert ended.value.code == 50
    assert "1 of 2 faults caught" in out
    assert "1 of 2 faults were missed: nothing at all. Next: correct the check that is named for it" in err
    assert "Traceback" not in err
