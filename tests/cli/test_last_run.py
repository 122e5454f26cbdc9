"""Which workspace a command reads: that of the last run, unless somebody has chosen one."""

import os
import shutil

import pytest

from tests.support import commands, published_world

READING = [
    ("show",), ("status",), ("report", "--json"), ("why", "bitcoin", "2026-05-14"), ("answers",),
    ("open", "2026-05-15"),
]  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """The data folder after a run with sample data; nothing was ever published of live prices."""
    published_world.made_in(tmp_path)
    (tmp_path / "data/latest").symlink_to("sample")
    (tmp_path / "data/sample/report").mkdir()
    (tmp_path / "data/sample/report/2026-05-15.html").touch()
    return tmp_path / "data"


def typed(data, *arguments, config=None):
    environment = os.environ | {"BROWSER": "true"}
    if config:
        path = data.parent / "luigi.cfg"
        path.write_text(f"[pipeline]\n{config}\n")
        environment["LUIGI_CONFIG_PATH"] = str(path)
    return commands.run("btc-pipeline", [*arguments, "--pipeline-data-dir", str(data)], environment)


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_command_that_reads_follows_the_last_run_and_says_so_on_stderr(command, data):
    ended, chosen = typed(data, *command), typed(data, *command, "--sample")
    assert (ended.returncode, ended.stdout) == (chosen.returncode, chosen.stdout), ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line not in chosen.stderr]
    assert line.endswith(f"INFO reads what the last run made, in {data}/sample; --live: {data}/live")


@pytest.mark.parametrize("choice", [("--live",), ("--pipeline-source", "live"), ("--pipeline-source=live",)], ids=str)
def test_an_option_wins_over_the_last_run(choice, data):
    assert f"nothing is published: {data}/live/" in typed(data, "show", *choice).stderr


def test_a_source_chosen_in_luigi_cfg_wins_over_the_last_run(data):
    (data / "latest").unlink()
    (data / "latest").symlink_to("live")
    (data / "live").mkdir()
    shutil.copy(data / "sample/crypto_data.duckdb", data / "live")
    assert typed(data, "status", config="source = sample").stdout.startswith(f"data       {data}/sample\n")


def test_the_default_that_luigi_cfg_spells_out_is_not_a_choice(data):
    assert "SAMPLE" in typed(data, "show", config="source = live").stdout


def test_a_file_for_programs_is_never_of_sample_data_that_nobody_has_chosen(data, tmp_path):
    week = tmp_path / "week.csv"
    assert typed(data, "show", "--output", str(week)).returncode == 2
    assert not week.exists()
    assert typed(data, "show", "--output", str(week), "--sample").returncode == 0
    assert week.read_text().startswith("coin_id,")


@pytest.mark.parametrize(
    "sources",
    [("--sample", "--pipeline-source", "live"), ("--pipeline-source=live", "--sample")],
    ids=" ".join,
)
def test_of_two_sources_none_is_taken(sources, data):
    ended = typed(data, "show", *sources)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert "two sources" in ended.stderr


def vanish(data):
    (data / "sample/crypto_data.duckdb").unlink()


def point_elsewhere(data):
    (data / "latest").unlink()
    (data / "latest").symlink_to("staging")


@pytest.mark.parametrize(("change", "words"), [(vanish, "nothing is published in"), (point_elsewhere, "names neither")])
def test_a_pointer_that_leads_nowhere_is_not_followed_and_a_line_says_so(change, words, data):
    change(data)
    ended = typed(data, "status")
    assert f"data       {data}/live" in ended.stdout
    assert words in ended.stderr
    assert ended.stderr.rstrip().endswith(f"reads {data}/live")


@pytest.mark.parametrize(
    "command", [("plan",), ("quarantine", "20260515T1", "--reason", "odd")], ids=lambda each: each[0]
)
def test_a_command_that_does_more_than_read_does_not_follow(command, data):
    said = typed(data, *command)
    assert "last run" not in said.stderr
    assert "sample's server" not in said.stdout


def test_coins_of_the_last_run_are_completed(data):
    words = ["btc-pipeline", "show", "--pipeline-data-dir", str(data), "bit"]
    asked = {"_BTC_PIPELINE_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": "4"}
    assert "bitcoin" in commands.run("btc-pipeline", [], os.environ | asked).stdout
