"""Lean imports: PyAirbyte without the parts that one declarative source and one DuckDB cache do not use.

`import airbyte` loads the clients of BigQuery, Snowflake, Airbyte Cloud, Google's secret manager and DynamoDB: two
thirds of its time. This module replaces the three packages whose `__init__` imports all of that by empty shells. It
replaces libraries that are only named in class bodies and annotations by placeholders. All code that is called is real.
See docs/decisions/; a test compares the table with that of the plain import.

Call it first in a process of its own, never in a process that uses pandas.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

SHELLS = ("airbyte", "airbyte.caches", "airbyte.sources")
PLACEHOLDERS = (
    *("airbyte_api", "google.api_core", "google.cloud", "boto3", "botocore", "pandas", "pyarrow"),
    *("requests_cache", "jwt", "cryptography"),
)


def install() -> None:
    """Prepare this process for a lean `import airbyte.sources.base` and the like.

    Raises:
        RuntimeError: one of the packages is already imported.
    """
    late = [name for name in (*SHELLS, *PLACEHOLDERS) if name in sys.modules]
    if late:
        raise RuntimeError(f"already imported: {', '.join(late)}")
    spec = importlib.util.find_spec("airbyte")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("airbyte")
    for name in SHELLS:
        shell = ModuleType(name, "A shell: its submodules are real, its __init__ has not run.")
        shell.__path__ = [str(Path(spec.origin).parent.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = shell
    sys.meta_path.insert(0, _Placeholders())
    _read_yaml_fast()


def _read_yaml_fast() -> None:
    """The CDK reads its manifest schema, 6,000 lines, for each stream: libyaml needs a tenth of the time."""
    import yaml

    if yaml.__with_libyaml__:
        yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]


class _Placeholder(ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        stand_in = type(name, (), {"__module__": self.__name__})
        setattr(self, name, stand_in)
        return stand_in


class _Placeholders(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if any(fullname == name or fullname.startswith(name + ".") for name in PLACEHOLDERS):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__path__ = []
