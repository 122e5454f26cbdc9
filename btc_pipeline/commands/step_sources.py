"""`make sources`: write which files make each step's output, as its fingerprint hashes them.

Run as `python -m btc_pipeline.commands.step_sources`; with `--check` it writes nothing, and fails if the list is old.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from btc_pipeline import tasks
from btc_pipeline.steps import fingerprints, import_graph
from btc_pipeline.steps.step import Step
from btc_pipeline.system.project import PACKAGE

NEUTRAL = {
    "btc_pipeline/__init__.py": "names the tasks",
    "btc_pipeline/errors.py": "the words and exit codes of a failure",
    "btc_pipeline/observe/": "what a run says and remembers of itself",
    "btc_pipeline/settings/": "the values that count are a step's significant settings",
    "btc_pipeline/steps/": "when a step is run",
    "btc_pipeline/system/": "how a file is written and a process started, not what is in it",
    "btc_pipeline/targets/": "whether a step is done",
    "btc_pipeline/terminal/": "what a person sees while it runs",
}
"""What changes no output, and why."""

COUNTS = {
    "btc_pipeline/settings/public.py": "which settings a published version shows",
    "btc_pipeline/settings/charts.py": "what may be chosen of a chart",
}
"""What of a neutral room changes an output all the same."""

_SIMULATOR = "btc_pipeline/coingecko/simulator/"


def steps() -> dict[str, type[Step]]:
    """All steps of the DAG, by name."""
    found = [each for each in vars(tasks).values() if isinstance(each, type) and issubclass(each, Step)]
    return {each.get_task_family(): each for each in found if each.code}


def sources() -> dict[str, fingerprints.Sources]:
    """For each step the files that always make its output, and those that do so for sample data alone.

    Also for `Transform.points`, the stored points that Transform makes the candles of, and for `Transform.answers`, the
    rows that these are made of.
    """
    graph = import_graph.of_package(PACKAGE)
    found = {name: _of_code(graph, step.code, step.code_without) for name, step in steps().items()}
    found["Transform.points"] = _of_code(graph, tasks.Transform.code_of_points, ())
    found["Transform.answers"] = _of_code(graph, tasks.Transform.code_of_answers, ())
    return dict(sorted(found.items()))


def _of_code(graph: import_graph.Graph, code: Sequence[str], without: Sequence[str]) -> fingerprints.Sources:
    def counts(name: str) -> bool:
        is_neutral = name.startswith((*NEUTRAL, *without)) and name not in COUNTS
        return not is_neutral and not name.endswith("__init__.py")

    start = [f"{module.replace('.', '/')}.py" for module in code]
    everything = import_graph.closure(graph, start, passes=counts)
    always = import_graph.closure(graph, start, passes=lambda name: counts(name) and not name.startswith(_SIMULATOR))
    return {"always": sorted(always), "sample": sorted(everything - always)}


def main() -> int:
    """Write the list, or check it."""
    text = json.dumps(sources(), indent=1) + "\n"
    written = fingerprints.LIST.read_text(encoding="utf-8") if fingerprints.LIST.exists() else ""
    if "--check" not in sys.argv[1:]:
        fingerprints.LIST.write_text(text, encoding="utf-8")
    elif text != written:
        print(f"{fingerprints.LIST.name} is old: a module imports something else now. Next: make sources")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
