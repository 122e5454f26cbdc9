"""The text of luigi.cfg: the project's own file, with each setting, its default and what it means."""

import re
from pathlib import Path

import luigi.configuration
import pytest

from btc_pipeline.settings import reader, template
from btc_pipeline.settings.values import ROWS, Settings

LUIGI_CFG = Path(__file__).resolve().parents[2] / "luigi.cfg"


@pytest.fixture
def read(monkeypatch):
    """A function that reads the settings from a text alone."""

    def load(text):
        parser = luigi.configuration.LuigiConfigParser()
        parser.read_string(text)
        monkeypatch.setattr(luigi.configuration.LuigiConfigParser, "_instance", parser)
        luigi.Config.clear_instance_cache()
        return reader.load()

    yield load
    luigi.Config.clear_instance_cache()


def test_the_project_s_luigi_cfg_is_the_template():
    assert LUIGI_CFG.read_text(encoding="utf-8") == template.text(), "make reference"


def test_it_has_each_setting_once_and_sets_those_that_have_a_default():
    keys = re.findall(r"^(# )?(\w+) =(.*)$", template.text().split("[core]")[0], re.MULTILINE)
    expected = [("" if row.default else "# ", row.key, f" {row.default}" if row.default else "") for row in ROWS]
    assert keys == expected


def test_it_sets_nothing_but_defaults(read):
    assert read(template.text()) == Settings()


def test_each_key_may_be_set_by_removing_its_mark(read):
    """An empty value is one that is not set."""
    assert read(re.sub(r"^# (\w+ =)$", r"\1", template.text(), flags=re.MULTILINE)) == Settings()


def test_lines_have_at_most_120_characters():
    assert [line for line in template.text().splitlines() if len(line) > 120] == []
