"""A luigi.cfg that Luigi cannot read ends a command in one line, which never shows what stands in the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.errors import ConfigurationError, without_keys
from btc_pipeline.settings import luigi_cfg
from tests.support.patience import PATIENCE
from tests.support.swept import swept

KEY = "CG-Test0123456789abcdef"
COMMAND = str(Path(sys.executable).with_name("btc-pipeline"))
BAD = {
    "a line alone": (f"[pipeline]\ncoins = bitcoin\n{KEY}\n", "line 3 is no [section] and no key = value"),
    "a line before the first section": (f"{KEY}\n[pipeline]\n", "line 1 is no [section]"),
    "a key = value before the first section": (f"key = {KEY}\n[pipeline]\n", "line 1 is no [section]"),
    "a key that is there twice": (
        "[coingecko]\nplan = demo\nplan = pro\n",
        "line 3: [coingecko] has the key plan twice",
    ),
    "a section that is there twice": ("[chart]\n[pipeline]\n[chart]\n", "line 3: the section [chart] is there twice"),
    "a section that does not end": (f"[coingecko\nplan = {KEY}\n", "line 1 is no [section]"),
    "another encoding": ("[pipeline]\ncoins = bitco\u00efn\n".encode("latin-1"), "it is not UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is not UTF-8"),
    "a byte-order mark": ("\ufeff[pipeline]\n", "it begins with a byte-order mark"),
    "too much": ("# \n" * 400_000, "it has more than 1 MiB"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("LUIGI_CONFIG_PATH", "LUIGI_CONFIG_PARSER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def fault():
    with pytest.raises(ConfigurationError) as refused:
        luigi_cfg.check()
    return str(refused.value)


@pytest.mark.parametrize(("text", "why"), BAD.values(), ids=BAD)
def test_a_bad_luigi_cfg_is_named_with_its_line_and_without_its_text(text, why, folder):
    Path("luigi.cfg").write_bytes(text if isinstance(text, bytes) else text.encode())
    said = fault()
    assert said.startswith(f"luigi.cfg cannot be read: {why}")
    assert "0123456789" not in said


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nothing")])
def test_what_is_no_file_is_refused_and_not_passed_over(make, folder):
    make(Path("luigi.cfg"))
    assert fault().startswith("luigi.cfg cannot be read: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="NOT RUN: root may read every file")
def test_a_luigi_cfg_without_the_right_to_read_it_is_refused_and_not_passed_over(folder):
    Path("luigi.cfg").touch(mode=0)
    assert "Permission denied" in fault()


@pytest.mark.parametrize("parser", ["toml", "yaml", ""])
def test_another_parser_of_luigi_is_refused(parser, folder, monkeypatch):
    monkeypatch.setenv("LUIGI_CONFIG_PARSER", parser)
    assert fault().startswith(f"LUIGI_CONFIG_PARSER = {parser}:")


def test_the_file_that_luigi_config_path_names_is_looked_at_too(folder, monkeypatch):
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "other.cfg")
    assert "LUIGI_CONFIG_PATH = other.cfg: there is no such file" in fault()
    Path("other.cfg").write_text(f"{KEY}\n")
    assert fault().startswith("other.cfg cannot be read: line 1 ")


@pytest.mark.skipif(os.geteuid() == 0, reason="NOT RUN: root may enter every folder")
def test_a_folder_that_may_not_be_entered_has_no_file(folder, monkeypatch):
    Path("closed").mkdir(mode=0)
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "closed/luigi.cfg")
    assert "there is no such file" in fault()


def test_an_empty_luigi_config_path_is_none(folder, monkeypatch):
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "")
    luigi_cfg.check()


def test_a_good_luigi_cfg_and_none_are_taken(folder):
    luigi_cfg.check()
    Path("luigi.cfg").write_text(
        "# a comment\n[pipeline]\ncoins = bitcoin,\n    ethereum\nvs_currency: 100%\n\n[other]\n"
    )
    luigi_cfg.check()


@pytest.mark.parametrize("arguments", [["status"], ["run"], ["doctor", "--json"], ["--help"]], ids=lambda each: each[0])
def test_each_command_ends_with_2_and_one_line(arguments, folder):
    Path("luigi.cfg").write_text(f"[coingecko]\n{KEY}\n")
    ended = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "luigi.cfg cannot be read: line 2 " in ended.stderr
    assert "0123456789" not in ended.stderr + ended.stdout


WRONG_PLACES = ["plan = {}", "{} = demo", "calls_a_minute = {}", "base_url = {}", "api_key_file = {}", "retries = 3 {}"]


@pytest.mark.parametrize("line", [WRONG_PLACES[0], *swept(WRONG_PLACES[1:])])
def test_a_key_in_a_wrong_place_is_never_shown(line, folder):
    Path("luigi.cfg").write_text(f"[coingecko]\nplan = demo\n{line.format(KEY)}\n".replace("plan = demo\nplan", "plan"))
    ended = subprocess.run([COMMAND, "doctor"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, "0123456789" in ended.stderr + ended.stdout) == (2, False)


@pytest.mark.parametrize(
    "arguments", [["--plan", KEY], [KEY], ["show", f"--{KEY}"], ["run", f"--coingecko-plan={KEY}"]]
)
def test_a_key_on_the_command_line_is_not_shown_again(arguments, folder):
    ended = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, "0123456789" in ended.stderr + ended.stdout) == (2, False), ended.stderr


def test_a_text_keeps_all_but_its_keys():
    assert (
        without_keys(f"plan = '{KEY}': CG-short, {KEY}, and all else")
        == "plan = 'CG-...': CG-short, CG-..., and all else"
    )
