"""The rows of the settings: each names what exists, and says what depends on it."""

from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import pytest

from btc_pipeline import tasks
from btc_pipeline.settings import public, reader, sections
from btc_pipeline.settings.rows import VARS_STEP
from btc_pipeline.settings.values import ABOUT, ROWS, Settings
from btc_pipeline.steps.step import Step

DEFAULTS = Settings()

for_each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.option)


def test_the_project_s_own_settings_are_the_defaults_of_the_rows():
    assert reader.load() == DEFAULTS


@for_each_row
def test_a_row_is_an_option_of_luigi_with_its_meaning_and_bounds(row):
    (section,) = (each for each in sections.SECTIONS if each.get_task_family() == row.section)
    parameter = dict(section.get_params())[row.key]
    assert (parameter._default, parameter.description) == (row.default, row.help)
    assert "`" not in row.help


@for_each_row
def test_a_meaning_is_a_sentence(row):
    assert row.meaning[0].isupper() or row.meaning.startswith("`")
    assert row.meaning.endswith(".")
    assert not row.effect or row.effect.endswith(".")


@for_each_row
def test_the_step_that_depends_on_a_setting_exists(row):
    assert [step for step in row.steps if not issubclass(getattr(tasks, step), Step)] == []


@for_each_row
def test_what_a_step_depends_on_exists(row):
    for step in (*row.steps, VARS_STEP):
        if name := row.counted_by(step):
            attrgetter(name)(DEFAULTS)


def test_the_sections_are_those_of_the_rows_in_their_order():
    assert list(dict.fromkeys(row.section for row in ROWS)) == list(ABOUT)


@pytest.mark.parametrize(("step", "names"), [
    ("ExtractAndLoad", ["provenance", "days", "five_minute_points", "second_opinion"]),
    ("ExtractHistory", ["provenance", "pairs"]),
    ("VerifyData", ["pairs", "max_age_hours", "repeat_hours"]),
    ("Transform", ["max_age_minutes", "min_coverage", "repeat_hours", "second_opinion_limit_bps"]),
    ("Test", []),
    ("Publish", []),
    ("Visualize", ["chart.style", "chart.size", "chart.formats", "chart.moving_averages"]),
    ("ExtractCoin", []),
    ("Backfill", []),
])  # fmt: skip
def test_a_step_depends_on_its_settings_and_no_other(step, names):
    assert [name for name, _ in DEFAULTS.significant(step)] == names


@pytest.mark.parametrize(("changes", "steps"), [
    ({"source": "sample"}, ["ExtractAndLoad", "ExtractHistory"]),
    ({"base_url": "http://127.0.0.1:8080"}, ["ExtractAndLoad", "ExtractHistory"]),
    ({"base_url": "https://pro-api.coingecko.com/api/v3", "plan": "pro"}, []),
    ({"coins": ("ethereum",)}, ["ExtractHistory", "VerifyData"]),
    ({"vs_currencies": ("eur",)}, ["ExtractHistory", "VerifyData"]),
    ({"days": 6}, ["ExtractAndLoad"]),
    ({"max_age_hours": 7.0}, ["VerifyData", "Transform"]),
    ({"max_age_hours": 6.001}, ["VerifyData"]),
    ({"repeat_hours": 24.0}, ["VerifyData", "Transform"]),
    ({"min_coverage": 0.8}, ["Transform"]),
    ({"second_opinion_limit_bps": 10.0}, ["Transform"]),
    ({"chart": replace(DEFAULTS.chart, style="dark")}, ["Visualize"]),
    ({"data_dir": Path("/srv/other"), "summary": "json", "retries": 0, "timeout_seconds": 1.0}, []),
])  # fmt: skip
def test_a_change_is_seen_by_the_steps_that_depend_on_it(changes, steps):
    changed = replace(DEFAULTS, **changes)
    known = ["ExtractAndLoad", "ExtractHistory", "VerifyData", "Transform", "Test", "Publish", "Visualize"]
    assert [step for step in known if changed.significant(step) != DEFAULTS.significant(step)] == steps


def test_the_public_view_shows_values_as_luigi_cfg_has_them():
    shown = {key: value for _, key, value in public.shown(DEFAULTS)}
    assert {key: shown[key] for key in ("coins", "days", "min_coverage", "second_opinion", "now", "base_url")} == {
        "coins": "bitcoin",
        "days": "7",
        "min_coverage": "0.9",
        "second_opinion": "true",
        "now": "",
        "base_url": "api.coingecko.com",
    }


def test_what_is_hidden_says_why():
    assert {key for _, key in public.HIDDEN} == {
        *("data_dir", "summary"),
        *("style", "size", "formats", "moving_averages"),
    }
    assert all(public.HIDDEN.values())
