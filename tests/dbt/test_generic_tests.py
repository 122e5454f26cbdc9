"""The dbt project's own generic tests, each on rows that it must accept and on rows that it must refuse.

Rendered as dbt would, and run on real DuckDB; what they are asked of which model is for the models' .yml to say.
"""

import re
from dataclasses import dataclass, field

import duckdb
import jinja2
import pytest

from btc_pipeline.system.project import DBT_PROJECT

FILES = {file.stem: file for file in sorted((DBT_PROJECT / "tests/generic").glob("*.sql"))}


@dataclass(frozen=True)
class Case:
    """A generic test, its arguments, a table that passes and one that fails, with the number of rows it lists."""

    name: str
    good: str
    bad: str
    listed: int = 1
    arguments: dict[str, object] = field(default_factory=dict)
    about: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.about}".strip()

    __hash__ = object.__hash__


INFINITY = "'infinity'::double"
CASES = [
    Case("accepted_range", "values (1.0), (2), (null)", "values (0.999)", 1, {"column_name": "a", "min_value": 1}),
    Case("accepted_range", "values (1), (2)", "values (3), (0)", 2,
         {"column_name": "a", "min_value": 1, "max_value": 2}, "of both ends"),
    Case("between_columns", "values (2, 1, 3), (1, 1, 1)", "values (4, 1, 3), (0, 1, 3)", 2,
         {"column_name": "a", "lower": "b", "upper": "c"}),
    Case("between_columns", "values (2, 1, 3)", "values (null, 1, 3), (2, null, 3)", 2,
         {"column_name": "a", "lower": "b", "upper": "c"}, "of what is unknown"),
    Case("finite_and_positive", "values (1e-300::double), (1e300), (null)",
         f"values (0.0::double), (-1), ({INFINITY}), ('nan'::double)", 4, {"column_name": "a"}),
    Case("found_in", "values (1, 2)", "values (1, 3), (2, 2)", 2, {"to": "partners", "columns": ["a", "b"]}),
    Case("never_decreases", "values (1, 1, 7), (2, 2, 7), (2, 3, 7), (0, 1, 8)",
         "values (1, 1, 7), (0.5, 2, 7), (3, 1, 8), (2, 2, 8), (5, 3, 8)", 2,
         {"column_name": "a", "along": "b", "within": ["c"]}),
    Case("not_null_proportion", "values (1), (2), (3), (null)", "values (1), (2), (null), (null)", 2,
         {"column_name": "a", "at_least": 0.75}),
    Case("not_null_proportion", "select 1 as x where false", "values (null::integer)", 1,
         {"column_name": "a", "at_least": 0.75}, "of no rows"),
    Case("one_value_only", "values ('x'), ('x')", "values ('x'), ('y')", arguments={"column_name": "a"}),
    Case("unique_combination", "values (1, 1), (1, 2), (2, 1)", "values (1, 1), (1, 1), (null, 2), (null, 2)", 2,
         {"columns": ["a", "b"]}),
    Case("within_the_day", "values ('2026-05-14 00:00:00.000'::timestamp), ('2026-05-14 23:59:59.999')",
         "values ('2026-05-13 23:59:59.999'::timestamp), ('2026-05-15 00:00:00'), (null)", 3, {"column_name": "a"}),
]  # fmt: skip


def rows_listed(case: Case, values: str) -> int:
    """How many rows the test lists of a table with the columns a, b, c and the date 2026-05-14."""
    text = FILES[case.name].read_text(encoding="utf-8")
    macro = re.sub(r"\{% test (\w+)", r"{% macro \1", text).replace("{% endtest %}", "{% endmacro %}")
    call = jinja2.Environment(trim_blocks=True).from_string(macro).module
    with duckdb.connect() as connection:
        connection.execute(f"create table given as select *, date '2026-05-14' as date from ({values})")
        names = [column for column, *_ in connection.execute("describe given").fetchall()]
        for old, new in zip(names[:-1], "abc", strict=False):
            connection.execute(f"alter table given rename {old} to {new}")
        connection.execute("create table partners as select 1 as a, 2 as b")
        query = getattr(call, case.name)("given", **case.arguments)
        return len(connection.execute(str(query)).fetchall())


def test_each_generic_test_is_tried():
    assert {case.name for case in CASES} == set(FILES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_accepts_what_is_right(case):
    assert rows_listed(case, case.good) == 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lists_each_row_that_is_wrong(case):
    assert rows_listed(case, case.bad) == case.listed
