"""Which code a step's fingerprint covers: all that makes its output, and nothing else."""

import ast
import inspect
import json
import textwrap

import pytest

from btc_pipeline import tasks
from btc_pipeline.commands import step_sources
from btc_pipeline.steps import fingerprints, import_graph
from btc_pipeline.steps.step import Step
from btc_pipeline.system.project import PACKAGE

LISTED = json.loads(fingerprints.LIST.read_text(encoding="utf-8"))
STEPS = [name for name in LISTED if "." not in name]
GRAPH = import_graph.of_package(PACKAGE)

STARTED_AHEAD = {"btc_pipeline/transform/dbt_runner.py", "btc_pipeline/visualize/drawing.py"}
"""What a step starts for a later one, which makes nothing of its own."""

OF_ANOTHER_STEP = {"Visualize": {"btc_pipeline/publish/swap.py"}}
"""Visualize lets Publish publish its own version again; what Publish makes is covered by the stamp of Publish."""


def test_the_list_is_what_the_imports_say():
    assert step_sources.sources() == LISTED, "make sources"


def test_what_makes_the_points_is_a_part_of_what_makes_the_candles_and_knows_no_dbt():
    points, transform = (set(LISTED[name]["always"]) for name in ("Transform.points", "Transform"))
    assert points < transform
    assert {"btc_pipeline/transform/loader.py", "btc_pipeline/verify/gate.py"} <= points
    assert "btc_pipeline/transform/dbt_session.py" not in points


def test_what_unpacks_and_judges_an_answer_is_a_part_of_what_makes_the_points_without_the_loader():
    """So compacted answers stay good if the loader's other work changes, or a model does: then they are needed."""
    answers, points = (set(LISTED[name]["always"]) for name in ("Transform.answers", "Transform.points"))
    assert answers < points
    assert {
        "btc_pipeline/coingecko/responses.py",
        "btc_pipeline/lake/exceptions.py",
        "btc_pipeline/lake/raw_archive.py",
        "btc_pipeline/transform/compacted.py",
        "btc_pipeline/transform/raw_rows.py",
        "btc_pipeline/transform/tables.py",
        "btc_pipeline/verify/gate.py",
        "btc_pipeline/verify/stored.py",
    } <= answers
    assert "btc_pipeline/transform/loader.py" not in answers


def test_each_step_of_the_dag_is_listed():
    named = {name for name in vars(tasks) if inspect.isclass(getattr(tasks, name))}
    assert set(STEPS) == {name for name in named if issubclass(getattr(tasks, name), Step)} - {
        *("Step", "PairStep", "HistoryStep"),
    }


@pytest.mark.parametrize(
    ("step", "file"),
    [
        ("ExtractAndLoad", "btc_pipeline/coingecko/connector/process.py"),
        ("ExtractAndLoad", "btc_pipeline/coingecko/connector/components.py"),
        ("ExtractAndLoad", "btc_pipeline/coingecko/connector/manifest.yaml"),
        ("Transform", "btc_pipeline/transform/dbt_process.py"),
        ("Transform", "btc_pipeline/verify/gate.py"),
        ("Test", "btc_pipeline/transform/declared_tests.py"),
        ("Publish", "btc_pipeline/settings/public.py"),
        ("Publish", "btc_pipeline/warehouse/contract.py"),
        ("Visualize", "btc_pipeline/visualize/process.py"),
        ("Visualize", "btc_pipeline/visualize/report/sections.py"),
        ("Visualize", "btc_pipeline/visualize/report/assets/style.css"),
        ("Visualize", "btc_pipeline/warehouse/published.py"),
        ("Visualize", "btc_pipeline/market/formatting.py"),
    ],
)
def test_what_is_started_by_name_or_read_as_data_counts(step, file):
    assert file in LISTED[step]["always"]


@pytest.mark.parametrize("step", LISTED)
def test_the_imitation_of_the_api_never_counts_for_live_data(step):
    assert [name for name in LISTED[step]["always"] if "simulator" in name] == []


@pytest.mark.parametrize("step", ["ExtractAndLoad", "ExtractCoin", "ExtractHistory"])
def test_the_imitation_of_the_api_counts_for_sample_data(step):
    assert "btc_pipeline/coingecko/simulator/synthetic.py" in LISTED[step]["sample"]
    assert fingerprints.of_code(step, is_sample=True) != fingerprints.of_code(step, is_sample=False)


@pytest.mark.parametrize("step", LISTED)
def test_what_a_person_reads_beside_the_output_never_counts(step):
    rooms = ("btc_pipeline/errors.py", "btc_pipeline/terminal/", "btc_pipeline/cli/", "btc_pipeline/observe/")
    assert [name for name in LISTED[step]["always"] if name.startswith(rooms)] == []


def modules_in(step):
    """The files of the modules that the step's `make` calls, and what of its own it calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(step)))
    modules = {
        each.name: file for node in [*ast.parse(inspect.getsource(tasks)).body, *ast.walk(tree)]
        if isinstance(node, ast.ImportFrom) for each in node.names
        if (PACKAGE.parent / (file := f"{node.module}.{each.name}".replace(".", "/") + ".py")).exists()
    }  # fmt: skip
    methods = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in {"make", "swap_in"}
    ]
    return {
        modules[node.value.id]
        for method in methods
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
    }


def test_the_modules_that_make_calls_are_found():
    assert modules_in(tasks.Visualize) == {"btc_pipeline/publish/swap.py", "btc_pipeline/visualize/drawing.py"}
    assert "btc_pipeline/transform/daily.py" in modules_in(tasks.Transform)
    assert "btc_pipeline/extract/daily.py" in modules_in(tasks.ExtractAndLoad)


@pytest.mark.parametrize("step", STEPS)
def test_all_that_make_calls_counts(step):
    kind = getattr(tasks, step)
    neutral = tuple(step_sources.NEUTRAL)
    called = {name for name in modules_in(kind) if not name.startswith(neutral)}
    assert called - set(LISTED[step]["always"]) <= STARTED_AHEAD | OF_ANOTHER_STEP.get(step, set())


@pytest.mark.parametrize("step", STEPS)
def test_a_room_that_is_excepted_is_one_that_the_step_would_reach(step):
    kind = getattr(tasks, step)
    reached = import_graph.closure(GRAPH, [f"{module.replace('.', '/')}.py" for module in kind.code])
    assert [room for room in kind.code_without if not any(name.startswith(room) for name in reached)] == []


@pytest.mark.parametrize("name", [*step_sources.NEUTRAL, *step_sources.COUNTS])
def test_what_is_said_of_a_room_is_said_of_one_that_is_there(name):
    assert (PACKAGE.parent / name).exists()


# --- The graph


@pytest.fixture
def package(tmp_path):
    """A function that writes a small package, and returns its graph."""

    def write(**files):
        folder = tmp_path / "btc_pipeline"
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return import_graph.of_package(folder)

    return write


def test_an_import_inside_a_function_is_an_edge_and_one_for_types_is_none(package):
    graph = package(
        a_dot_py="from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from btc_pipeline import c\n"
        "def f():\n    from btc_pipeline import b\n",
        b_dot_py="",
        c_dot_py="",
    )
    assert graph["btc_pipeline/a.py"] == {"btc_pipeline/b.py"}


def test_a_module_that_is_named_in_a_string_is_an_edge(package):
    graph = package(a_dot_py="START = 'btc_pipeline.b'\n", b_dot_py="")
    assert graph["btc_pipeline/a.py"] == {"btc_pipeline/b.py"}


def test_a_data_file_and_a_folder_beside_the_module_are_edges(package):
    graph = package(a_dot_py="FILE, FOLDER = 'm.yaml', 'assets'\n", m_dot_yaml="", assets__x_dot_css="")
    assert graph["btc_pipeline/a.py"] == {"btc_pipeline/m.yaml", "btc_pipeline/assets/x.css"}


def test_a_class_that_a_data_file_names_is_an_edge_to_its_module(package):
    graph = package(m_dot_yaml="class_name: btc_pipeline.b.Requester\n", b_dot_py="")
    assert graph["btc_pipeline/m.yaml"] == {"btc_pipeline/b.py"}


def test_what_does_not_pass_is_left_out_with_all_that_only_it_needs(package):
    graph = package(
        a_dot_py="from btc_pipeline import b, d\n", b_dot_py="from btc_pipeline import c\n", c_dot_py="", d_dot_py=""
    )
    found = import_graph.closure(graph, ["btc_pipeline/a.py"], passes=lambda name: not name.endswith("b.py"))
    assert found == {"btc_pipeline/a.py", "btc_pipeline/d.py"}


# --- The hashes


def test_a_pattern_that_matches_nothing_is_named():
    with pytest.raises(FileNotFoundError, match="nothing matches nowhere/"):
        fingerprints.of_data(("nowhere/*.sql",))
