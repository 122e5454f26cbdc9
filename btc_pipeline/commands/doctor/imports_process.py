"""The doctor's import process: imports what a process of a run imports, and says what came of it.

Runs as `python -m btc_pipeline.commands.doctor.imports_process`, started as a run starts its children; `imports` is the
other side. Nothing else may import it: what it imports ends with it.

Preparation: `process` (a module whose `prepare` is called, or empty), `given` (what that gets), `modules` (imported
then). Job: nothing. Result: `{"modules": […]}`, the names of all packages and modules that are imported now, or
`{"error": "…"}`.
"""

from __future__ import annotations

import importlib
import sys

from btc_pipeline.system import child_process


def prepare(preparation: child_process.Json) -> child_process.Json:
    """Import it all; the result."""
    try:
        if preparation["process"]:
            importlib.import_module(preparation["process"]).prepare(preparation["given"])
        for name in preparation["modules"]:
            importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - what keeps a package from its import may be anything
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    return {"modules": sorted({name.partition(".")[0] for name in sys.modules})}


def work(result: child_process.Json, _: child_process.Json) -> child_process.Json:
    """What came of it."""
    return result


if __name__ == "__main__":
    child_process.serve(prepare, work)
