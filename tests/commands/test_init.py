"""`btc-pipeline init`: a luigi.cfg that says all, and overwrites nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from btc_pipeline.commands import init
from btc_pipeline.errors import ConfigurationError
from btc_pipeline.settings import template

PROGRAM = Path(sys.executable).with_name("btc-pipeline")


def typed(folder, *arguments):
    command = [PROGRAM, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_an_empty_folder_gets_a_luigi_cfg_that_the_pipeline_reads(tmp_path):
    ended = typed(tmp_path, "init")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{tmp_path}/luigi.cfg\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["luigi.cfg"]
    assert f"{tmp_path}/luigi.cfg, valid" in typed(tmp_path, "doctor", "--pipeline-source=sample").stdout


def test_a_folder_that_is_not_there_is_made(tmp_path):
    assert init.write(tmp_path / "a/b").read_text() == template.text()


def test_a_luigi_cfg_is_not_overwritten(tmp_path):
    (tmp_path / "luigi.cfg").write_text("[pipeline]\ndays = 3\n")
    ended = typed(tmp_path, "init")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"there is a {tmp_path}/luigi.cfg already. Next: edit it" in ended.stderr
    assert (tmp_path / "luigi.cfg").read_text() == "[pipeline]\ndays = 3\n"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "luigi.cfg").symlink_to(tmp_path / "elsewhere.cfg")
    with pytest.raises(ConfigurationError, match="already"):
        init.write(tmp_path)
    assert not (tmp_path / "elsewhere.cfg").exists()


def test_a_folder_that_cannot_be_written_is_a_mistake_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"file/luigi\.cfg cannot be written: "):
        init.write(tmp_path / "file")


def test_bad_settings_are_no_hindrance(tmp_path):
    (tmp_path / "luigi.cfg").write_text("[pipeline]\nno_such_key = 1\n")
    assert typed(tmp_path, "init", "other").returncode == 0
    assert (tmp_path / "other/luigi.cfg").read_text() == template.text()
