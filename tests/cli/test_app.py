"""btc-pipeline as it is typed: help, mistakes in one line, completion, and readers that leave early."""

import os
import subprocess
from pathlib import Path

import pytest

from btc_pipeline.cli import app as cli
from btc_pipeline.settings import sections as setting_sections
from tests.support import commands
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
NAMES = list(cli.pipeline.commands)


def typed(*arguments, **environment):
    return commands.run("btc-pipeline", arguments, os.environ | environment)


# --- As it is installed


@pytest.mark.parametrize(("arguments", "environment"), [
    (["--help"], {}),
    (["stattus"], {}),
    ([], {"_BTC_PIPELINE_COMPLETE": "bash_complete", "COMP_WORDS": "btc-pipeline s", "COMP_CWORD": "1"}),
], ids=["help", "a mistake", "completion"])  # fmt: skip
def test_the_installed_program_says_what_the_tests_below_hear(arguments, environment):
    installed, forked = (
        run("btc-pipeline", arguments, os.environ | environment) for run in (commands.typed, commands.run)
    )
    assert (installed.returncode, installed.stdout, installed.stderr) == (
        forked.returncode,
        forked.stdout,
        forked.stderr,
    )
    assert installed.stdout + installed.stderr


# --- Help


def test_help_names_each_command():
    said = typed("--help").stdout
    assert [name for name in NAMES if f"\n  {name} " not in said] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_help_with_an_example_of_itself(name):
    said = typed(name, "--help")
    assert (said.returncode, f"btc-pipeline {name}" in said.stdout.partition("Examples:")[2]) == (0, True)


def test_each_command_has_a_section_in_the_docs():
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"\n## {name}\n" not in page] == []


@pytest.mark.parametrize("arguments", [(), ("--help",), *((name, "--help") for name in NAMES)], ids=str)
def test_help_fits_into_80_columns(arguments):
    ended = typed(*arguments, COLUMNS="80")
    assert max(map(len, (ended.stdout + ended.stderr).splitlines())) <= 80


# --- Mistakes

MISTAKES = [
    (("stattus",), "no such command 'stattus'. Did you mean status?"),
    (("run", "--pipeline-coin", "x"), "no such option '--pipeline-coin'. Did you mean --pipeline-coins?"),
    (("status", "--coingecko-pln=demo"), "no such option '--coingecko-pln'. Did you mean --coingecko-plan?"),
    (("run", "--worker-timeot=1"), "no such option '--worker-timeot'. Did you mean --worker-timeout?"),
    (("run", "--sampl"), "no such option '--sampl'. Did you mean --sample?"),
    (("run", "--smtp-sl"), "no such option '--smtp-sl'. Did you mean --smtp-ssl?"),
    (("run", "--coin", "x"), "no such option '--coin'. Did you mean --pipeline-coins?"),
    (("show", "--days", "3"), "no such option '--days'. Did you mean --pipeline-days?"),
    (("status", "--xyzzy"), "no such option '--xyzzy'. Next: "),
    (("why", "bitcoin"), "missing argument 'DAY'."),
    (("why", "bitcoin", "yesterday"), "'yesterday': not a day such as 2026-11-20, or -7d for seven days before today."),
    (("show", "--from", "20.11.2026"), "not a day such as 2026-11-20, or -7d"),
    (("open", "20.11.2026"), "not a day such as 2026-11-20"),
    (("show", "--from", "-99999d"), "bad --from -99999d: not a day of the years 2009 to 2100"),
    (("why", "-x", "bitcoin", "-1d"), "no such option '-x'."),
    (("plan", "--end", "2026-11-20"), "--end goes with --start."),
    (("show", "--format", "xml"), "'xml' is not one of"),
    (("show", "--from", "2026-11-20", "--to", "2026-11-19"), "it is after --to 2026-11-19"),
    (("show", "--format", "parquet"), "add --output"),
    (("show", "Bitcoin!"), "bad coin"),
    (("status", "--date", "2099-01-01"), "this day is in the future"),
    (("status", "--pipeline-days", "0"), "[pipeline] days"),
    (("run", "--pipeline-days", "365"), "is a backfill: luigi --module btc_pipeline Backfill --start=-364d"),
    (("plan", "--pipeline-days", "90"), "a longer history is a backfill"),
    (("completion", "tcsh"), "'tcsh' is not one of"),
    (("run", "--date", "tomorrow"), "'tomorrow': not a day such as 2026-11-20"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=str)
def test_a_mistake_is_one_line_that_says_what_to_type_and_ends_with_2(arguments, words, tmp_path):
    folder = () if "completion" in arguments or "stattus" in arguments else ("--pipeline-data-dir", str(tmp_path))
    ended = typed(*arguments, *folder)
    lines = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout, len(lines)) == (2, "", 1), ended.stderr
    assert words in lines[0]
    assert "Next: " in lines[0]


@pytest.mark.parametrize("arguments", [("show",), ("why", "bitcoin", "2026-11-20")], ids=str)
def test_where_nothing_is_published_a_line_says_what_to_do(arguments, tmp_path):
    ended = typed(*arguments, "--pipeline-data-dir", str(tmp_path))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "nothing is published" in ended.stderr


# --- The shell


def completed(*words):
    """What the shell offers for the last word."""
    environment = {
        "_BTC_PIPELINE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["btc-pipeline", *words]),
        "COMP_CWORD": str(len(words)),
    }
    return [line.partition(",")[2] for line in typed(**environment).stdout.splitlines()]


def test_commands_are_completed():
    assert completed("s") == ["status", "show", "selftest"]


def test_each_setting_is_completed():
    names = {
        f"--{section.get_task_family()}-{key.replace('_', '-')}"
        for section in setting_sections.SECTIONS
        for key, _ in section.get_params()
    }
    sections = {section.get_task_family() for section in setting_sections.SECTIONS}
    assert names <= {option for section in sections for option in completed("run", f"--{section}-")}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_shell_sources(shell):
    assert "_BTC_PIPELINE_COMPLETE" in typed("completion", shell).stdout


def test_bash_accepts_what_it_sources():
    script = typed("completion", "bash").stdout
    ended = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
