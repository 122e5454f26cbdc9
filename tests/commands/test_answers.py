"""The commands `answers`, `quarantine` and `release`: a person's decisions, and what they refuse."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import pytest

from btc_pipeline.coingecko.simulator import synthetic
from btc_pipeline.coingecko.streams import MARKET_CHART
from btc_pipeline.commands import answers
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.lake import exceptions, raw_archive
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.verify import gate
from tests.publish.test_swap import SETTINGS

NOW = datetime(2026, 5, 15, 13, 30, tzinfo=timezone.utc)
START = datetime(2026, 5, 13, tzinfo=timezone.utc)


@pytest.fixture
def world(tmp_path):
    """A workspace with two answers of one minute, and its settings."""
    workspace = Workspace(tmp_path, "sample")
    settings = replace(SETTINGS, data_dir=tmp_path, now=NOW)
    request = raw_archive.Request("bitcoin", "usd", NOW.date(), START, NOW, NOW, "test", MARKET_CHART)
    body = json.dumps(synthetic.market_chart("bitcoin", "usd", START, NOW, NOW)).encode()
    kept = [
        raw_archive.keep(workspace.raw, replace(request, extracted_at=NOW + timedelta(seconds=second)), body)
        for second in (0, 1)
    ]
    return settings, workspace, kept


def name_of(entry):
    return entry.file.rpartition("/")[2].removesuffix(".json.gz")


def test_a_quarantined_answer_is_listed_with_its_reason_and_can_be_released(world):
    settings, workspace, (first, _) = world
    assert answers.text(workspace, ()) == "no answer is, or was, in quarantine"
    said = answers.quarantine(settings, workspace, name_of(first), "  prices of\nanother coin ")
    assert said.splitlines() == [
        "1  2026-05-15T13:30:00Z  quarantined by a person",
        f"   {first.file}",
        "   prices of another coin",
        "   the next run of the pipeline builds its days anew",
    ]
    assert set(exceptions.read(workspace.raw).quarantined) == {first.file}
    answers.release(settings, workspace, first.file, "they were right")
    assert not exceptions.read(workspace.raw).quarantined
    assert "quarantined by a person  (replaced by a later decision)" in answers.text(workspace, ["bitcoin"])
    assert answers.text(workspace, ["solana"]) == "no answer is, or was, in quarantine: solana"


def test_an_unknown_or_ambiguous_answer_is_refused(world):
    settings, workspace, (first, _) = world
    with pytest.raises(ConfigurationError, match="no answer 2025 is in the archive"):
        answers.quarantine(settings, workspace, "2025", "why")
    with pytest.raises(ConfigurationError, match="2 answers in the archive are named 20260515T1330: "):
        answers.quarantine(settings, workspace, "20260515T1330", "why")
    with pytest.raises(ConfigurationError, match="is in quarantine"):
        answers.release(settings, workspace, first.file, "why")
    assert not exceptions.read(workspace.raw).decisions


@pytest.mark.parametrize("name", ["", "../raw", "/etc/passwd", "a b", "a;b", "x" * 301, "ä"])
def test_what_cannot_be_the_name_of_an_answer_is_refused(world, name):
    settings, workspace, _ = world
    for decide in (answers.quarantine, answers.release):
        with pytest.raises(ConfigurationError, match="bad answer"):
            decide(settings, workspace, name, "why")


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "a\x1b[31mred"])
def test_a_decision_needs_a_reason_that_can_be_read(world, reason):
    settings, workspace, (first, _) = world
    with pytest.raises(ConfigurationError, match="bad --reason"):
        answers.quarantine(settings, workspace, first.file, reason)


def test_an_answer_that_the_gate_refuses_for_another_reason_cannot_be_released(world):
    settings, workspace, (first, _) = world
    answers.quarantine(settings, workspace, name_of(first), "why")
    with patch.object(gate, "_GREATEST_PRICE", 1.0), pytest.raises(ConfigurationError, match="the gate refuses"):
        answers.release(settings, workspace, name_of(first), "why")
    assert set(exceptions.read(workspace.raw).quarantined) == {first.file}
    answers.release(replace(settings, repeat_hours=0.1), workspace, name_of(first), "released from all checks")


def test_a_damaged_answer_is_refused_and_one_in_quarantine_already(world):
    settings, workspace, (first, second) = world
    answers.quarantine(settings, workspace, second.file, "why")
    with pytest.raises(ConfigurationError, match="is in quarantine already"):
        answers.quarantine(settings, workspace, second.file, "why")
    for entry in (first, second):
        path = workspace.raw / entry.file
        path.chmod(0o644)
        path.write_bytes(b"damage")
    with pytest.raises(ConfigurationError, match="the answer is damaged"):
        answers.quarantine(settings, workspace, first.file, "why")
    with pytest.raises(ConfigurationError, match="the answer is damaged"):
        answers.release(settings, workspace, second.file, "why")


def test_without_an_archive_a_decision_makes_no_folder(tmp_path):
    workspace, settings = Workspace(tmp_path / "data", "live"), replace(SETTINGS, data_dir=tmp_path / "data")
    for decide in (answers.quarantine, answers.release):
        with pytest.raises(ConfigurationError, match="there is no archive"):
            decide(settings, workspace, "20260515T1", "odd")
    assert list(tmp_path.iterdir()) == []
