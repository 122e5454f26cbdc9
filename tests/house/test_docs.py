"""The docs are part of the interface: what they name exists, and what exists is named."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from btc_pipeline import errors, tasks
from btc_pipeline.cli.app import pipeline
from btc_pipeline.settings import sections
from docs import reference
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/*.md", "dbt_project/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
)
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
WORDS = [name for name in NAMES if name != "CHANGELOG.md"]
"""The pages that say what is. The changelog also names what was."""

FENCE = re.compile(r"^```(\w+)\n.*?^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]*\w\.(?:py|sql|yml|yaml|cfg|toml|md|csv|lock|ipynb|service|timer))`")
HOMES = ("", "btc_pipeline", "dbt_project")
"""Where a file that is named may lie; without a folder in its name, anywhere in the project."""

BUILT_BY_A_READER = {
    "week.parquet",
    "candles.csv",
    "dbt_project/tests/assert_no_candle_ends_before_it_begins.sql",
}
"""Files that a page asks its reader to make."""


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def prose_of(name):
    """A page without its blocks of code."""
    return FENCE.sub("", text_of(name))


def everything():
    return "\n".join(text_of(name) for name in WORDS)


@cache
def files_of_the_project():
    """The names of its files, without their folders, and without what was installed or made by a run."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = {*folders} - ({".git", ".venv", "data"} if Path(folder) == ROOT else {"__pycache__"})
        found |= {*files}
    return found


def anchor(heading):
    """The anchor of a heading, as GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")


def anchors_of(path):
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {anchor(heading) for heading in headings}


def errors_of_the_tree():
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.PipelineError)]


def settings():
    return [
        (section.get_task_family(), key, parameter._default)
        for section in sections.SECTIONS
        for key, parameter in section.get_params()
    ]


# --- What they look like


def test_the_readme_has_at_most_120_lines():
    assert len(text_of("README.md").splitlines()) <= 120


@pytest.mark.parametrize("name", NAMES)
def test_lines_have_at_most_120_characters(name):
    """What a program printed stands as it was printed, in blocks of ```text."""
    shown = FENCE.sub(lambda block: "" if block[1] == "text" else block[0], text_of(name))
    assert [line for line in shown.splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_be_filled_in(name):
    assert re.findall(r"@@\w+@@|\bTODO\b|\bTBD\b", text_of(name)) == []


def test_each_decision_record_fits_on_a_page_and_has_its_parts():
    for path in (ROOT / "docs/decisions").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, path
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in text, (path, part)


# --- What leads from one to another


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_lead_somewhere(name):
    path = ROOT / name
    missing = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", prose_of(name)):
        file, _, heading = target.partition("#")
        found = path.parent / file if file else path
        if not found.exists() or (heading and heading not in anchors_of(found)):
            missing.append(target)
    assert missing == []


def test_the_index_lists_each_page_of_docs():
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {page for page in pages if f"]({page})" not in text_of("docs/index.md")} == set()


# --- What they name


@pytest.mark.parametrize("name", WORDS)
def test_files_that_are_named_exist(name):
    folders = [ROOT / home for home in HOMES] + [(ROOT / name).parent]
    missing = {
        file
        for file in FILE.findall(prose_of(name))
        if file not in BUILT_BY_A_READER
        and not any((folder / file).exists() for folder in folders)
        and not ("/" not in file and file in files_of_the_project())
    }
    assert missing == set()


@pytest.mark.parametrize("name", WORDS)
def test_make_targets_that_are_named_exist(name):
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", text_of(name), re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", WORDS)
def test_commands_that_are_named_exist(name):
    named = set(re.findall(r"(?:`|^ {4}|/|\()btc-pipeline ([a-z]+)", text_of(name), re.MULTILINE))
    assert named <= set(pipeline.commands)


@pytest.mark.parametrize("name", WORDS)
def test_settings_that_are_named_exist(name):
    known = {f"--{section}-{key}".replace("_", "-") for section, key, _ in settings()}
    named = set(re.findall(r"--(?:pipeline|coingecko|chart)-[a-z-]+", text_of(name)))
    assert named - known - {"--pipeline-anomaly-score"} == set()  # the setting that a recipe adds
    sections = set(re.findall(r"\[(pipeline|coingecko|chart)\] (\w+)", text_of(name)))
    assert sections <= {(section, key) for section, key, _ in settings()}


@pytest.mark.parametrize("name", WORDS)
def test_exit_codes_that_are_named_exist(name):
    known = {errors.SUCCESS, *(error.exit_code for error in errors_of_the_tree())}
    named = re.findall(r"exit codes? (?:is )?(\d+)(?: or (\d+))?", prose_of(name), re.IGNORECASE)
    assert {int(code) for pair in named for code in pair if code} <= known


@pytest.mark.parametrize("name", WORDS)
def test_models_and_tests_of_dbt_that_are_named_exist(name):
    project = {path.stem for path in (ROOT / "dbt_project").rglob("*.sql")}
    named = set(re.findall(r"`((?:stg|int|assert)_\w+\w)`", prose_of(name)))
    assert named - project == set()


@pytest.mark.parametrize("name", WORDS)
def test_tests_that_are_named_exist(name):
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", prose_of(name)))
    assert {test for test in named if f"def {test}(" not in written} == set()


# --- What has to be named


@pytest.mark.parametrize("step", ["ExtractAndLoad", "VerifyData", "Transform", "Test", "Publish", "Visualize"])
def test_the_readme_names_each_step(step):
    assert hasattr(tasks, step)
    assert f"`{step}`" in text_of("README.md")


def test_each_make_target_is_named():
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))
    assert {target for target in targets - {"help"} if f"make {target}" not in everything()} == set()


def test_the_dbt_project_s_page_names_each_model():
    models = {path.stem for path in (ROOT / "dbt_project/models").rglob("*.sql")}
    assert {model for model in models if f"`{model}`" not in text_of("dbt_project/README.md")} == set()


def test_the_rooms_of_the_architecture_exist():
    rooms = re.findall(r"^\| `([\w/]+(?:/|\.py))` \|", text_of("docs/architecture.md"), re.MULTILINE)
    assert len(rooms) > 20
    assert [room for room in rooms if not (ROOT / "btc_pipeline" / room).exists()] == []


def test_luigi_cfg_sets_the_documented_defaults():
    written = re.findall(r"^(\w+) = (.+)$", text_of("luigi.cfg").split("[core]")[0], re.MULTILINE)
    documented = dict(re.findall(r"^- \*\*`(\w+)`\*\* \(default: `(.*?)`\)", text_of("docs/settings.md"), re.MULTILINE))
    assert written
    assert {key: documented[key] for key, _ in written} == dict(written)


# --- The pages that are written from the code


@pytest.mark.parametrize("page", reference.PAGES)
def test_a_page_from_the_code_is_up_to_date_and_says_where_it_is_from(page):
    text = text_of(f"docs/{page}")
    assert text == reference.PAGES[page](), "make reference"
    assert "*Generated by `make reference` from " in text.splitlines()[2]


def test_pages_from_the_code_depend_on_no_terminal_zone_and_language():
    strange = {"COLUMNS": "30", "FORCE_COLOR": "1", "TERM": "dumb", "TZ": "Asia/Kolkata", "LC_ALL": "C"}
    command = [sys.executable, "-m", "docs.reference", "--check"]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | strange, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_stale_page_is_named_with_what_to_type(monkeypatch, capsys):
    monkeypatch.setitem(reference.PAGES, "tables.md", lambda: "another page")
    assert reference.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/tables.md is not what the code says. Next: make reference\n"


def test_the_page_of_exit_codes_lists_each_and_no_other():
    documented = re.findall(r"^- \*\*(\d+)\*\*:", text_of("docs/exit-codes.md"), re.MULTILINE)
    assert sorted(map(int, documented)) == sorted(
        {errors.SUCCESS, *(error.exit_code for error in errors_of_the_tree())}
    )


def test_the_page_of_settings_lists_each_with_its_default_and_no_other():
    documented = re.findall(
        r"^- \*\*`(\w+)`\*\* \((?:default: `(.*?)`|not set)\)", text_of("docs/settings.md"), re.MULTILINE
    )
    assert documented == [(key, default) for _, key, default in settings()]


def test_the_page_of_tables_lists_the_columns_of_the_candles():
    contract = yaml.safe_load(text_of("dbt_project/models/marts/daily_candlestick.yml"))
    columns = [column["name"] for column in contract["models"][0]["columns"]]
    section = text_of("docs/tables.md").split("\n## daily_candlestick\n")[1].split("\n## ")[0]
    assert re.findall(r"^- \*\*`(\w+)`\*\*", section, re.MULTILINE) == columns
