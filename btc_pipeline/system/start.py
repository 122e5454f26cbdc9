"""What keeps a command from its start: a file that hides a module, a variable of the environment, a missing package.

Such a fault ends an import, in the middle of some library. `explain` says in one line what it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.system import import_path


def explain(error: Exception) -> None:
    """End this process with one line and exit code 2 if it is known why an import has failed; else return."""
    if fault := _fault(error):
        sys.stderr.write(f"{fault}\n")
        raise SystemExit(fault.exit_code) from None


def variables(environment: Mapping[str, str] = os.environ) -> Iterator[ConfigurationError]:
    """The variables that keep a command from its work, whatever it is; by default those of this process."""
    actions = [part.partition(":")[0].strip() for part in environment.get("PYTHONWARNINGS", "").split(",")]
    if any(action and "error".startswith(action) for action in actions):  # Python takes abbreviations
        yield ConfigurationError("PYTHONWARNINGS makes errors of warnings of the libraries", "unset PYTHONWARNINGS")
    if environment.get("PYTHONINSPECT"):
        yield ConfigurationError("PYTHONINSPECT makes 1 of each exit code", "unset PYTHONINSPECT")


def hidden(files: Mapping[str, str]) -> ConfigurationError:
    """The error for files that hide modules, by the names of these."""
    name, file = next(iter(files.items()))
    folder = Path(file).parents[1] if Path(file).name.startswith("__init__.") else Path(file).parent
    more = f" (and {len(files) - 1} more files hide others)" if len(files) > 1 else ""
    return ConfigurationError(
        f"{file} hides the module {name} that a run imports{more}",
        f"rename it, or take {folder} from PYTHONPATH, or work in another folder",
    )


def _fault(error: Exception) -> ConfigurationError | None:
    """What a failed import comes from, as far as it is known."""
    if not isinstance(error, ImportError | AttributeError | Warning):
        return None
    imported = {name: file for name, file in import_path.hiding().items() if name in sys.modules}
    if imported:
        return hidden(imported)
    if isinstance(error, ImportError | Warning):
        for fault in variables():
            return fault
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("btc_pipeline"):
        return ConfigurationError(f"a package is not installed: {error}", "make clean install, or install it again")
    return None
