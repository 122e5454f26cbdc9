"""The README is part of the interface: what it names exists, and what exists is named."""

import re
from pathlib import Path

import pytest
import yaml

from btc_pipeline import errors, tasks
from btc_pipeline.settings import sections

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def errors_of_the_tree():
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.PipelineError)]


def test_readme_lists_each_exit_code_and_no_other():
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    assert documented == {errors.SUCCESS, *(error.exit_code for error in errors_of_the_tree())}


def test_readme_lists_each_setting_with_its_default_and_no_other():
    documented = dict(
        re.findall(r"^\| (?:`\[\w+\]`)? ?\| `(\w+)` \| (?:`(.*?)`)? ?\|", section("Settings"), re.MULTILINE)
    )
    known = {name: parameter._default for config in sections.SECTIONS for name, parameter in config.get_params()}
    assert documented == known


def test_luigi_cfg_sets_the_documented_defaults():
    written = re.findall(r"^(\w+) = (.+)$", (ROOT / "luigi.cfg").read_text().split("[core]")[0], re.MULTILINE)
    documented = dict(re.findall(r"\| `(\w+)` \| `(.*?)` \|", section("Settings")))
    assert written
    assert {key: documented[key] for key, _ in written} == dict(written)


def test_readme_names_only_make_targets_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", README, re.MULTILINE)) <= targets


@pytest.mark.parametrize("step", ["ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"])
def test_readme_names_each_step(step):
    assert hasattr(tasks, step)
    assert f"`{step}`" in README


def test_readme_lists_the_published_columns():
    contract = yaml.safe_load((ROOT / "dbt_project/models/marts/daily_candlestick.yml").read_text(encoding="utf-8"))
    columns = [column["name"] for column in contract["models"][0]["columns"]]
    assert len(columns) > 15
    assert [column for column in columns if f"`{column}`" not in section("What it makes")] == []


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_links_and_pictures_lead_somewhere(page):
    path = ROOT / page
    links = re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_architecture_names_each_model_and_only_modules_that_exist():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    models = {path.stem for path in (ROOT / "dbt_project/models").rglob("*.sql")}
    assert {model for model in models if f"`{model}`" not in text} == set()
    modules = set(re.findall(r"`(?:btc_pipeline/)?((?:coingecko/)?\w+\.(?:py|yaml))`", text))
    assert {module for module in modules if not (ROOT / "btc_pipeline" / module).exists()} == set()


def test_each_decision_record_fits_on_a_page_and_has_its_parts():
    for path in (ROOT / "docs/decisions").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, path
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in text, (path, part)


def test_nothing_is_left_to_be_filled_in():
    assert re.findall(r"@@\w+@@|TODO|TBD", README) == []
