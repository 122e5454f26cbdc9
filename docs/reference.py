"""`make reference`: the pages of docs/ and the luigi.cfg that come from the code; with --check, are they up to date?

Reads the code, the contract and the models' descriptions; runs nothing of the pipeline.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml

from btc_pipeline import errors
from btc_pipeline.cli.app import pipeline
from btc_pipeline.cli.group import Command
from btc_pipeline.cli.luigi_options import LuigiOption, SourceOption
from btc_pipeline.settings import template
from docs import reference_text, settings_page
from docs.markdown import Page, item

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
MODELS = ROOT / "dbt_project" / "models"


def commands() -> str:
    """docs/commands.md: each command with its usage, options and examples, from click."""
    page = Page("Commands", "the commands of btc-pipeline")
    page.text(reference_text.COMMANDS)
    page.code(*(f"{f'btc-pipeline {name}':<24}  # {each.short_help}" for name, each in pipeline.commands.items()))
    for paragraph in reference_text.ABOUT_COMMANDS:
        page.text(paragraph)
    for name, command in pipeline.commands.items():
        context = click.Context(command, info_name=name)
        options = [each for each in command.params if isinstance(each, click.Option)]
        page.heading(name)
        page.text(command.help or "")
        page.code(" ".join(["btc-pipeline", name, *command.collect_usage_pieces(context)]))
        own = [_option(each, context) for each in options if not isinstance(each, LuigiOption | SourceOption)]
        if own:
            page.lines(own)
        if isinstance(command, Command):
            page.text("Examples:" if len(command._examples) > 1 else "Example:")
            page.code(*command._examples)
    return page.written()


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    value = "" if option.is_flag else f" `{option.make_metavar(context)}`"
    return item(f"{names}{value}: {option.help}")


def exit_codes() -> str:
    """docs/exit-codes.md: from the tree of errors."""
    page = Page("Exit codes", "btc_pipeline/errors.py and docs/reference_text.py")
    for paragraph in reference_text.EXIT_CODES:
        page.text(paragraph)
    page.output(reference_text.EXIT_CODE_EXAMPLE)
    page.heading("The codes")
    page.lines(map(_exit_code, _codes().items()))
    page.heading("Afterwards")
    for paragraph in reference_text.AFTER_EXIT_CODES:
        page.text(paragraph)
    return page.written()


def _codes() -> dict[int, str]:
    """Each exit code, and what it means."""
    found = {errors.SUCCESS: "Success, also if there was nothing to do."}
    for each in vars(errors).values():
        if isinstance(each, type) and issubclass(each, errors.PipelineError):
            found[each.exit_code] = (each.__doc__ or "").split("\n")[0]
    return dict(sorted((found | {errors.UNEXPECTED: "A bug: please report the traceback."}).items()))


def _exit_code(code: tuple[int, str]) -> str:
    number, meaning = code
    more, afterwards = reference_text.OF_EXIT_CODE[number]
    return item(f"**{number}**: {meaning} {more} *Afterwards you have* {afterwards}.")


def tables() -> str:
    """docs/tables.md: each published table and its columns, from the contract and the models' descriptions."""
    contract = json.loads((DOCS / "contract.json").read_text(encoding="utf-8"))
    page = Page("Tables", "docs/contract.json, the models' descriptions and docs/reference_text.py")
    page.text(reference_text.TABLES.format(version=contract["version"]))
    names = [*contract["tables"], "publication"]
    page.lines(f"- [`{name}`](#{name})" for name in names)
    for name in names:
        model = _described(name)
        page.heading(name)
        page.text(model["description"])
        page.lines(_columns(contract["tables"].get(name, reference_text.PUBLICATION), model["columns"]))
    return page.written()


def _described(table: str) -> dict[str, Any]:
    """The description of a table and of its columns: a model's own, or that of a table without a model."""
    found = list(MODELS.rglob(f"{table}.yml"))
    if not found:
        description, columns = reference_text.WITHOUT_MODEL[table]
        return {"description": description, "columns": columns}
    (model,) = yaml.safe_load(found[0].read_text(encoding="utf-8"))["models"]
    columns = {column["name"]: column["description"] for column in model["columns"]}
    return {"description": model["description"], "columns": columns}


def _columns(types: dict[str, str], described: dict[str, str]) -> list[str]:
    return [item(f"**`{name}`** {kind}. {described[name]}") for name, kind in types.items()]


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "exit-codes.md": exit_codes,
    "settings.md": settings_page.page,
    "tables.md": tables,
}


def files() -> dict[str, str]:
    """All files that come from the code, by their names in the project, with the text that they should have."""
    return {f"docs/{name}": page() for name, page in PAGES.items()} | {"luigi.cfg": template.text()}


def stale() -> list[str]:
    """The files that are not what the code says."""
    return [name for name, text in files().items() if not _is(ROOT / name, text)]


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def main(arguments: list[str]) -> int:
    """Write the files; or with --check, write nothing and say which are stale."""
    if arguments == ["--check"]:
        found = stale()
        for name in found:
            print(f"{name} is not what the code says. Next: make reference", file=sys.stderr)
        return int(bool(found))
    if arguments:
        print("python -m docs.reference [--check]", file=sys.stderr)
        return 2
    for name, text in files().items():
        (ROOT / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
