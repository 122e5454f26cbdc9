"""A copy of the project with one test of its models, to measure what all the others cost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
_KEPT = "assert_no_gap_is_open.sql"
_PARTS = ("btc_pipeline", "dbt_project", "luigi.cfg")


def copy_to(folder: Path) -> Path:
    """Copy what a run needs, with one test (a run rejects none at all), and prepare it as `make install` does."""
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs", "assert_*", "generic")
    folder.mkdir(parents=True)
    for name in _PARTS:
        source = ROOT / name
        shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy2(source, folder)
    shutil.copy2(ROOT / "dbt_project/tests" / _KEPT, folder / "dbt_project/tests")
    for path in [*(folder / "dbt_project/models").rglob("*.yml"), *(folder / "dbt_project/seeds").glob("*.yml")]:
        properties = yaml.safe_load(path.read_text(encoding="utf-8"))
        unchecked = _without_tests(properties, drop_unit_tests=path.stem != "price_gaps")
        path.write_text(yaml.safe_dump(unchecked, sort_keys=False), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "btc_pipeline"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "btc_pipeline.commands.prepare"], cwd=folder, check=True)
    return folder


def _without_tests(node: Any, *, drop_unit_tests: bool) -> Any:
    if isinstance(node, dict):
        dropped = {"data_tests", "freshness", "loaded_at_query", *(["unit_tests"] * drop_unit_tests)}
        kept = {key: value for key, value in node.items() if key not in dropped}
        return {key: _without_tests(value, drop_unit_tests=drop_unit_tests) for key, value in kept.items()}
    if isinstance(node, list):
        return [_without_tests(each, drop_unit_tests=drop_unit_tests) for each in node]
    return node
