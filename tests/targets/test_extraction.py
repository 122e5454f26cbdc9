"""A day's extraction: each pair is a checkpoint, and one that was refused stops no other."""

from datetime import datetime, timezone

import duckdb
import pytest

from btc_pipeline.errors import ExtractionError, PipelineError, StaleDataError, VerificationError, error_of
from btc_pipeline.market.pair import Pair
from btc_pipeline.targets.duckdb_table import DuckDBTarget
from btc_pipeline.targets.extraction import Answer, DayRecord, History, Skipped
from btc_pipeline.targets.marker import Marker

BITCOIN, SOLANA = Pair("bitcoin", "usd"), Pair("solana", "usd")
NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
WHY = Skipped("CoinGecko gave no market chart of solana/usd: HTTP 404", "check it", 20, "this run")


@pytest.fixture
def answers(tmp_path):
    """The archived answers of both pairs, by the pair's name."""
    files = {}
    for pair in (BITCOIN, SOLANA):
        files[str(pair)] = f"raw/{pair.coin_id}.json.gz"
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / files[str(pair)]).write_bytes(pair.coin_id.encode())
    return files


@pytest.fixture
def extraction(tmp_path):
    """A function that gives the target as a run sees it."""
    with duckdb.connect(str(tmp_path / "cache.duckdb")) as connection:
        connection.execute("create schema raw; create table raw.market_chart as select 1 as answer")

    def of(run="this run", fingerprint="abc", pairs=(BITCOIN, SOLANA)):
        table = DuckDBTarget(
            tmp_path / "cache.duckdb",
            "raw.market_chart",
            "raw.markers",
            "ExtractAndLoad",
            NOW.date(),
            fingerprint,
        )
        record = Marker(tmp_path / "markers/ExtractAndLoad.json", fingerprint, tmp_path)
        return DayRecord(table, record, tmp_path / "markers/ExtractAndLoad.begun.json", pairs, run)

    return of


def written(extraction, answers, refused=None):
    extraction.write(answers, refused or {}, [extraction.marker.root / file for file in answers.values()])
    return extraction


def only(answers, pair):
    return {str(pair): answers[str(pair)]}


def test_nothing_is_complete_before_it_was_written(extraction):
    assert (extraction().exists(), extraction().charts(), extraction().known()) == (False, {}, ({}, None))


def test_it_is_complete_when_each_pair_has_an_answer(extraction, answers):
    assert written(extraction(), answers).exists()


def test_it_is_not_complete_when_a_pair_is_missing(extraction, answers):
    assert not written(extraction(), only(answers, BITCOIN)).exists()


def test_a_pair_that_this_run_was_refused_does_not_keep_it_from_being_complete(extraction, answers):
    assert written(extraction(), only(answers, BITCOIN), {str(SOLANA): WHY}).exists()


def test_the_next_run_sees_that_it_is_missing(extraction, answers):
    written(extraction(), only(answers, BITCOIN), {str(SOLANA): WHY})
    later = extraction("next run")
    assert (later.exists(), later.known()[0]) == (False, only(answers, BITCOIN))


def test_a_pair_that_was_added_to_the_settings_alone_is_missing(extraction, answers):
    written(extraction(pairs=(BITCOIN,)), only(answers, BITCOIN))
    assert (extraction(pairs=(BITCOIN,)).exists(), extraction().exists()) == (True, False)
    assert extraction().known()[0] == only(answers, BITCOIN)


def test_a_pair_that_was_taken_out_of_the_settings_is_no_loss(extraction, answers):
    written(extraction(), answers)
    assert extraction(pairs=(SOLANA,)).exists()


def test_what_depends_on_it_stays_done_when_nothing_new_came(extraction, answers):
    first = written(extraction(), only(answers, BITCOIN), {str(SOLANA): WHY}).stamp()
    assert written(extraction("next run"), only(answers, BITCOIN), {str(SOLANA): WHY}).stamp() == first


def test_a_new_answer_is_a_new_extraction(extraction, answers):
    first = written(extraction(), only(answers, BITCOIN), {str(SOLANA): WHY}).stamp()
    assert written(extraction("next run"), answers).stamp() != first


def test_an_answer_that_was_taken_back_is_asked_for_again(extraction, answers):
    written(extraction(), answers).reject(SOLANA, WHY)
    assert extraction().exists()
    assert extraction("next run").known()[0] == only(answers, BITCOIN)


def test_to_take_an_answer_back_changes_nothing_for_what_was_made_of_the_others(extraction, answers):
    first = written(extraction(), answers).stamp()
    extraction().reject(SOLANA, WHY)
    assert extraction().stamp() == first


def test_a_damaged_answer_makes_it_incomplete(extraction, answers, tmp_path):
    written(extraction(), answers)
    (tmp_path / answers[str(SOLANA)]).write_bytes(b"garbage")
    assert not extraction().exists()


def test_other_code_or_settings_ask_for_all_anew(extraction, answers):
    written(extraction(), answers)
    assert extraction(fingerprint="other").known() == ({}, None)


def test_a_run_that_was_cut_short_is_gone_on_with(extraction, answers):
    extraction().begin(only(answers, BITCOIN), NOW)
    assert extraction("next run").known() == (only(answers, BITCOIN), NOW)


def test_a_run_that_was_cut_short_with_other_code_is_not(extraction, answers):
    extraction(fingerprint="other").begin(only(answers, BITCOIN), NOW)
    assert extraction().known() == ({}, None)


def test_a_damaged_note_of_a_run_is_none(extraction, tmp_path):
    (tmp_path / "markers").mkdir()
    extraction().begun.write_bytes(b"{")
    assert extraction().known() == ({}, None)


def test_when_it_is_written_nothing_is_under_way_any_more(extraction, answers):
    extraction().begin({}, NOW)
    written(extraction(), answers)
    assert extraction().known() == (answers, None)


def test_a_pair_has_its_answer_or_not(extraction, answers):
    written(extraction(), only(answers, BITCOIN), {str(SOLANA): WHY})
    assert [Answer(extraction(), pair).exists() for pair in (BITCOIN, SOLANA)] == [True, False]


# --- Refusals


@pytest.mark.parametrize("kind", [ExtractionError, VerificationError, StaleDataError])
def test_a_refusal_is_the_same_error_again(kind):
    error = kind("what failed", "what to do")
    again = Skipped.by(error, "this run").error()
    assert (type(again), str(again)) == (kind, str(error))


def test_an_exit_code_of_nobody_is_a_plain_error():
    assert error_of(99) is PipelineError


# --- History


@pytest.fixture
def history(tmp_path):
    return lambda run: History(Marker(tmp_path / "markers/ExtractHistory.json", "abc", tmp_path), run)


def test_history_is_complete_when_nothing_was_refused_or_only_now(history, answers, tmp_path):
    files = [tmp_path / file for file in answers.values()]
    history("this run").write(files, {})
    assert history("next run").exists()
    history("this run").write(files, {str(SOLANA): ExtractionError("HTTP 404")})
    assert (history("this run").exists(), history("next run").exists()) == (True, False)


def test_history_that_brought_nothing_new_leaves_done_what_depends_on_it(history, answers, tmp_path):
    one, both = [[tmp_path / file for file in answers.values()][:number] for number in (1, 2)]
    stamps = []
    for files in (one, one, both):
        history("this run").write(files, {str(SOLANA): ExtractionError("HTTP 404")})
        stamps.append(history("this run").stamp())
    assert (stamps[0] == stamps[1], stamps[1] == stamps[2]) == (True, False)
