"""The census: the tests that the dbt project declares, read from its files and not from dbt.

dbt drops a test of a model that does not exist, and the run passes. So we count declared and executed tests separately.
Reads YAML and file names; imports nothing of dbt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def declared(project: Path) -> Counter[str]:
    """All declared tests: `unit:<name>`, `singular:<name>`, `generic:<model>.<column>.<test>`,
    `freshness:<source>.<table>`, each with how often it is declared.
    """
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # a sixth of the time
    folder = project / "tests"
    singular = (path for path in folder.rglob("*.sql") if path.relative_to(folder).parts[0] != "generic")
    tests = [f"singular:{path.stem}" for path in singular]
    for path in sorted(path for folder in ("models", "seeds") for path in (project / folder).rglob("*.yml")):
        tests.extend(_in_properties(yaml.load(path.read_bytes(), loader) or {}))
    return Counter(tests)


def _in_properties(properties: dict[str, Any]) -> Iterator[str]:
    for unit_test in properties.get("unit_tests", []):
        yield f"unit:{unit_test['name']}"
    for node in (*properties.get("models", []), *properties.get("seeds", [])):
        yield from _of_node(node["name"], node)
    for source in properties.get("sources", []):
        for table in source.get("tables", []):
            yield from _of_node(f"{source['name']}.{table['name']}", table)
            if "freshness" in table.get("config", {}):
                yield f"freshness:{source['name']}.{table['name']}"


def _of_node(name: str, node: dict[str, Any]) -> Iterator[str]:
    for test in _tests(node):
        yield f"generic:{name}..{test}"
    for column in node.get("columns", []):
        for test in _tests(column):
            yield f"generic:{name}.{column['name']}.{test}"


def _tests(node: dict[str, Any]) -> Iterator[str]:
    for test in node.get("data_tests", []):
        yield test if isinstance(test, str) else next(iter(test))
