"""In others' tools: docs/reading-the-data.md shows how to read what is published, while the next version comes.

Every snippet is run as it stands on the page, in a folder whose `data/live` is the workspace of a sample run.
"""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.e2e.command_line import STEPS
from tests.tools import readers
from tests.tools.readme import ROOT, section, snippets

DATABASE = "data/live/crypto_data.duckdb"
NOTEBOOK = "docs/week.ipynb"
NEXT_DAY = "2026-05-16T13:30:00Z"
BEFORE, AFTER = "2026-05-15", "2026-05-16"
"""The newest day of the version that is there at first, and of the next one."""

NEWEST = "select max(date)::varchar from daily_candlestick"
NEWEST_ATTACHED = "select max(date)::varchar from crypto_data.daily_candlestick"
SHOW_PARQUET = """
import pandas, polars
week = polars.read_parquet("week.parquet")
assert pandas.read_parquet("week.parquet").shape == week.shape
print(week.select("coin_id", "date", "close", "status"))
"""
LEAVE_OPEN = f"""
import duckdb
opened = [*globals().get("opened", []), duckdb.connect("{DATABASE}", read_only=True)]
print(opened[-1].sql("{NEWEST}").fetchall())
"""
POOL = f"""
import sqlalchemy
url = "duckdb:///{DATABASE}?access_mode=read_only"
engine = globals().get("engine") or sqlalchemy.create_engine(url)
with engine.connect() as connection:
    print(connection.execute(sqlalchemy.text("{NEWEST}")).fetchall())
"""

SNIPPETS = snippets()
SEE_THE_NEXT = ["DuckDB's shell", "pandas", "polars", "A BI tool", "Parquet", "A notebook"]
STAY = ["a shell left open", "DuckDB's UI", "a connection left open", "a pool"]


@dataclass
class Readings:
    """What a tool showed before a run, during it, and after it."""

    before: str
    during: list[str] = field(default_factory=list)
    after: str = ""


def newest_day(text):
    """The newest day in what a tool shows, or all that it shows where there is none."""
    return max(re.findall(r"\d{4}-\d{2}-\d{2}", text), default=text)


@pytest.fixture(scope="module")
def desk(first_run, tmp_path_factory):
    """A pipeline whose first run is done, and a folder that the page's snippets are run in."""
    pipeline, result = first_run
    assert result.exit_code == 0, result.stderr
    folder = tmp_path_factory.mktemp("desk")
    pipeline = pipeline.copy_to(folder / "data")
    (folder / "data/live").symlink_to("sample")
    (folder / "docs").mkdir()
    shutil.copy(ROOT / NOTEBOOK, folder / NOTEBOOK)
    return pipeline, folder


@pytest.fixture(scope="module")
def attach():
    """The statement that the page gives to the UI."""
    found = re.fullmatch(r'duckdb -cmd "(attach .*)" -ui\n', SNIPPETS["DuckDB's UI"].code)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def tools(desk, attach):
    """The tools, alive."""
    _, folder = desk
    with ExitStack() as opened:
        python = {title: each.code for title, each in SNIPPETS.items() if each.language == "python"}
        yield {
            "DuckDB's shell": readers.Command(SNIPPETS["DuckDB's shell"].code, folder),
            "Parquet": readers.Exported(
                readers.Command(SNIPPETS["Parquet"].code, folder),
                opened.enter_context(readers.python(SHOW_PARQUET, folder)),
            ),
            **{title: opened.enter_context(readers.python(code, folder)) for title, code in python.items()},
            "A notebook": opened.enter_context(readers.notebook(folder / NOTEBOOK)),
            "a shell left open": opened.enter_context(readers.shell(DATABASE, NEWEST, folder)),
            "a connection left open": opened.enter_context(readers.python(LEAVE_OPEN, folder)),
            "a pool": opened.enter_context(readers.python(POOL, folder)),
            "DuckDB's UI": opened.enter_context(readers.ui(attach, NEWEST_ATTACHED, folder)),
        }


@pytest.fixture(scope="module")
def publishing(desk, tools):
    """A run for the next day, while each tool reads over and over, and what each showed."""
    pipeline, _ = desk
    shown = {name: Readings(tool.read()) for name, tool in tools.items()}
    with pipeline.started("Visualize", now=NEXT_DAY) as running, ThreadPoolExecutor(1) as executor:
        ended = executor.submit(running.wait)
        while not ended.done():
            for name, tool in tools.items():
                shown[name].during.append(tool.read())
        result = ended.result()
    for name, tool in tools.items():
        shown[name].after = tool.read()
    return result, shown


def test_each_snippet_of_the_page_is_tried():
    assert set(SNIPPETS) <= {*SEE_THE_NEXT, *STAY}
    assert len(SNIPPETS) == section().count("```") // 2


# --- While the pipeline publishes


def test_a_run_is_not_disturbed_by_the_tools(publishing):
    result, _ = publishing
    assert (result.exit_code, result.done) == (0, STEPS), result.stderr


@pytest.mark.parametrize("tool", SEE_THE_NEXT)
def test_read_again_it_shows_the_next_version(tool, publishing):
    _, shown = publishing
    assert [newest_day(shown[tool].before), newest_day(shown[tool].after)] == [BEFORE, AFTER]


@pytest.mark.parametrize("tool", STAY)
def test_left_open_it_stays_at_its_version(tool, publishing):
    _, shown = publishing
    assert [newest_day(shown[tool].before), newest_day(shown[tool].after)] == [BEFORE, BEFORE]


@pytest.mark.parametrize("tool", [*SEE_THE_NEXT, *STAY])
def test_while_the_pipeline_runs_it_shows_one_version_or_the_next_whole(tool, publishing):
    _, shown = publishing
    seen = shown[tool]
    assert seen.during
    assert set(seen.during) <= {seen.before, seen.after}


# --- How to go on to the next version


def test_a_shell_left_open_goes_on_to_the_next_version_as_the_page_says(publishing, tools):
    assert f"`.open --readonly {DATABASE}`" in section()
    shell = tools["a shell left open"]
    newest = shell.tell(f".open --readonly {DATABASE}\n{shell.line}")
    written = shell.tell(f"create table written (day date);\nselect '{readers.END}';")
    assert newest_day(newest) == AFTER
    assert "read-only" in written


def test_the_ui_goes_on_to_the_next_version_as_the_page_says(publishing, tools, attach):
    assert "`detach crypto_data`, and attach again" in section()
    ui = tools["DuckDB's UI"]
    for statement in ("detach crypto_data", attach):
        ui.run(statement)
    assert newest_day(ui.read()) == AFTER


def test_the_shell_attaches_what_the_ui_shows(desk):
    _, folder = desk
    without_ui = SNIPPETS["DuckDB's UI"].code.replace(" -ui", f' -c "{NEWEST_ATTACHED}"')
    assert newest_day(readers.Command(without_ui, folder).read()) in (BEFORE, AFTER)


def test_the_url_of_a_bi_tool_with_the_whole_path_opens_read_only(desk):
    import sqlalchemy

    _, folder = desk
    documented = re.search(r"`(duckdb:////\S+)`", section())
    assert documented
    url = documented[1].replace("/srv/btc_pipeline", str(folder))
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError, match="read-only"):
        connection.execute(sqlalchemy.text("create table written (day date)"))


# --- The notebook


def test_the_notebook_draws_the_week(publishing):
    _, shown = publishing
    assert "[image/png]" in shown["A notebook"].after


def test_the_notebook_is_kept_without_output():
    cells = [cell for cell in json.loads((ROOT / NOTEBOOK).read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"]] == []
