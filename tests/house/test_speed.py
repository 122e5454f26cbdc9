"""Tests do not depend on how fast the machine is: they bound work, and who compares times is named here, and why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

COMPARE_TIMES = {
    "browser/test_large_report.py": {
        "test_it_opens_in_a_few_times_as_long_as_a_week_of_one_coin": "a ratio in one run",
    },
    "coingecko/connector/test_waiting.py": {
        "test_no_minute_sees_more_calls_than_the_budget_though_one_is_under_way_longer": "its clock does not wait",
    },
    "coingecko/simulator/test_server.py": {
        "test_a_delay_comes_before_the_answer_and_a_drip_within_it": "at least",
    },
    "e2e/test_api.py": {
        "test_a_wait_is_as_long_as_it_says": "at least; and a minute more at most, for a wait of seconds",
        "test_an_answer_takes_a_bounded_time_and_memory": "docs/faults.md promises it; BUSY times as much",
    },
    "e2e/test_budget.py": {
        "test_no_minute_sees_more_calls_than_the_budget_across_runs": "at least",
    },
}
"""Tests whose assertions compare times. Each of them passes on a machine that is five times slower."""

OWN_LIMITS = {"system/test_signals.py", "e2e/test_signals.py"}
"""Files whose subject is how soon a process ends."""

CLOCKS = {
    "monotonic",
    "perf_counter",
    "process_time",
    "thread_time",
    "time",
    "monotonic_ns",
    "perf_counter_ns",
    "time_ns",
}
NOTED = {"seconds", "came_at"}
"""What the helpers of tests note: how long a run took, when a request came."""

LIMITS = {"PATIENCE", "ORPHANED"}


def is_time(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression is made of times; the number of them is none."""
    match node:
        case ast.Call(func=ast.Name(id="len")):
            return False
        case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr=clock)) if clock in CLOCKS:
            return True
        case ast.Attribute(attr=name) if name in NOTED:
            return True
        case ast.Name(id=name) if name in names:
            return True
    return any(is_time(child, names) for child in ast.iter_child_nodes(node))


def stored_in(node: ast.AST) -> set[str]:
    """The variables that get a value somewhere in it."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def names_of_times(function: ast.AST, names: set[str]) -> set[str]:
    """The variables and functions in a function that hold or give times."""
    before = set(names)
    for node in ast.walk(function):
        match node:
            case ast.Assign(value=value) | ast.NamedExpr(value=value) if is_time(value, names):
                names |= stored_in(node)
            case ast.For(iter=value) | ast.comprehension(iter=value) if is_time(value, names):
                names |= stored_in(node.target)
            case ast.FunctionDef() if node is not function:
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
                names |= {node.name for value in returned if is_time(value, names)}
    return names if names == before else names_of_times(function, names)


def comparing(tree: ast.Module) -> Iterator[str]:
    """The functions with an assertion that says that one time is less than another, but for waits with a limit."""
    for function in (each for each in tree.body if isinstance(each, ast.FunctionDef)):
        if not any(isinstance(node, ast.Assert) for node in ast.walk(function)):
            continue
        names = names_of_times(function, {"came_at"})
        for node in ast.walk(function):
            if not isinstance(node, ast.Assert) or ast.unparse(node.test) == "time.monotonic() < give_up_at":
                continue
            for each in ast.walk(node.test):
                if (
                    isinstance(each, ast.Compare)
                    and any(isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for operator in each.ops)
                    and is_time(each, names)
                ):
                    yield function.name


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in ("time.", *NOTED)):
            yield path.relative_to(TESTS).as_posix(), ast.parse(text)


def test_only_these_assertions_compare_times_each_for_its_reason():
    found = {path: set(comparing(tree)) for path, tree in trees()}
    listed = {path: set(reasons) for path, reasons in COMPARE_TIMES.items()}
    assert {path: names for path, names in found.items() if names} == listed, (
        "bound calls, bytes, rounds or sleeps instead (tests/support/clock.py)"
    )


def test_a_wait_whose_end_is_an_error_has_the_limit_of_all():
    limits = {
        (path, ast.unparse(node.value))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "give_up_at" and path not in OWN_LIMITS
    }
    named = {f"time.monotonic() + {limit}" for limit in LIMITS}
    assert {each for each in limits if each[1] not in named} == set()


@pytest.mark.parametrize("lines", [
    "began = time.monotonic(); assert time.monotonic() - began < 2",
    "took = time.perf_counter() - began; assert 1 < took",
    "assert run.seconds < 5",
    "took = [time.time() - began for each in runs]; assert max(took) < 2",
    "assert (code, result.seconds <= 5) == (0, True)",
    "first, second = api.came_at; gap = second - first; assert gap < 2",
    "assert [later - earlier > 60 for earlier, later in zip(came_at, came_at[4:])] == [True]",
    "def opened(): return time.monotonic()\n    assert opened() - began < 2",
])  # fmt: skip
def test_a_comparison_of_times_is_found_in_what_was_kept_of_them_too(lines):
    assert set(comparing(ast.parse(f"def test_it():\n    {lines}"))) == {"test_it"}


@pytest.mark.parametrize("lines", [
    "assert len(api.came_at) > 2",
    "assert time.monotonic() < give_up_at",
    "assert api.came_at == []",
    "began = time.monotonic(); assert len(asked) < 2",
])  # fmt: skip
def test_counts_and_waits_with_a_limit_are_no_comparison_of_times(lines):
    assert set(comparing(ast.parse(f"def test_it():\n    {lines}"))) == set()
