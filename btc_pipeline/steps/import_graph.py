"""Which files each file of the package needs: imports, modules that are started by name, data files.

Reads the sources as text; imports and runs none of them. Used for the list of each step's sources, and by the tests of
the house.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

Graph = Mapping[str, frozenset[str]]
"""For each file, by its name relative to the folder of the package, the files that it needs."""

_MODULE = re.compile(r"btc_pipeline(?:\.[a-z_0-9]+)+")


def of_package(package: Path) -> Graph:
    """The graph of all files of the package.

    A module needs what it imports, also inside a function. It needs a module whose dotted name it holds as a string:
    so processes are started. It needs a file or folder beside it whose name it holds as a string. A data file needs the
    modules that it names.
    """
    root = package.parent
    files = [path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    modules = {_dotted(root, path): _name(root, path) for path in files if path.suffix == ".py"}
    return {
        _name(root, path): frozenset(
            _of_module(root, path, modules) if path.suffix == ".py" else _of_data(path, modules)
        )
        for path in files
    }


def closure(graph: Graph, start: Iterable[str], *, passes: Callable[[str], bool] = lambda _: True) -> set[str]:
    """The files of `start` and all that they need; without files that do not pass, and what only those need."""
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        if passes(name):
            found.add(name)
            waiting |= graph[name] - found
    return found


def imports(tree: ast.AST, modules: Mapping[str, str]) -> Iterator[str]:
    """The dotted names of the project's modules that a tree imports, except those imported for types only."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in modules)
        elif isinstance(child, ast.ImportFrom):
            module = child.module or ""
            names = (f"{module}.{alias.name}" for alias in child.names)
            yield from (name if name in modules else module for name in names if {name, module} & set(modules))
        elif not _is_for_types(child):
            yield from imports(child, modules)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _of_module(root: Path, path: Path, modules: Mapping[str, str]) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    needed = {modules[name] for name in imports(tree, modules)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in modules:
                needed.add(modules[node.value])
            elif re.fullmatch(r"\w[\w.-]*", node.value):
                needed |= {_name(root, each) for each in _beside(path, node.value)}
    return needed - {_name(root, path)}


def _of_data(path: Path, modules: Mapping[str, str]) -> set[str]:
    """A class is named together with its module; the longest name that is a module counts."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return set()
    named = {found.group() for found in _MODULE.finditer(text)}
    parts = {name.rpartition(".")[0] for name in named}
    return {modules[name] for name in named | parts if name in modules and not modules[name].endswith("__init__.py")}


def _beside(path: Path, name: str) -> list[Path]:
    """The data that a name in a module can mean: a file beside it that is not a module, or all files of a folder."""
    named = path.with_name(name)
    if named.is_file() and named.suffix != ".py" and "." in name:
        return [named]
    if named.is_dir() and not any(named.rglob("*.py")):
        return [each for each in named.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    return []


def _dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
