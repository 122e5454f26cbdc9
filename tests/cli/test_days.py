"""Days that are written as days before today, in UTC; today is that of `[pipeline] now`."""

import csv
import io

import pytest

from tests.support import commands, published_world

NOW = ("--pipeline-now", "2026-05-15T00:30:00Z")
SAME = [
    (("show", "--from", "-3d"), ("show", "--from", "2026-05-12")),
    (("show", "--from=-3d", "--to", "1d"), ("show", "--from", "2026-05-12", "--to", "2026-05-14")),
    (("show", "--to", "-0d"), ("show", "--to", "2026-05-15")),
    (("why", "bitcoin", "-1d"), ("why", "bitcoin", "2026-05-14")),
    (("why", "bitcoin", "0d"), ("why", "bitcoin", "2026-05-15")),
    (("status", "--date", "-2d"), ("status", "--date", "2026-05-13")),
    (("plan", "--start", "-365d"), ("plan", "--start", "2025-05-15")),
    (("open", "-1d"), ("open", "2026-05-14")),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Something that is published; nothing in this module changes it."""
    return published_world.made_in(tmp_path_factory.mktemp("days"))


@pytest.mark.parametrize(("ago", "named"), SAME, ids=lambda words: " ".join(words))
def test_days_ago_are_counted_from_today_whatever_the_command(ago, named, workspace):
    counted, written = (published_world.typed(workspace, *words, *NOW) for words in (ago, named))
    assert (counted.returncode, counted.stdout) == (written.returncode, written.stdout)
    assert [line[20:] for line in counted.stderr.splitlines()] == [line[20:] for line in written.stderr.splitlines()]


def test_of_days_ago_the_candles_are_those_that_are_meant(workspace):
    shown = published_world.typed(workspace, "show", "--from", "-2d", "--format", "csv", *NOW).stdout
    assert [row["date"] for row in csv.DictReader(io.StringIO(shown))] == ["2026-05-13", "2026-05-14", "2026-05-15"]


@pytest.mark.parametrize("command", [
    ("Visualize", "--date=-1d", "--pipeline-now", "2009-01-01T00:00:00Z"),
    ("Visualize", "--date=20.11.2026"),
    ("Backfill", "--start=-1w"),
])  # fmt: skip
def test_luigi_s_days_are_read_in_the_same_way(command, tmp_path):
    given = ["--module", "btc_pipeline", *command, "--local-scheduler", "--pipeline-source=sample"]
    ended = commands.run("luigi", [*given, f"--pipeline-data-dir={tmp_path}"])
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert "Next: write it as 2026-11-23, or as days before today with an equals sign, such as --date=-7d" in line


def test_luigi_counts_the_days_of_a_backfill_from_today(tmp_path):
    given = ["--module", "btc_pipeline", "Backfill", "--start=-0d", "--local-scheduler", "--pipeline-source=sample"]
    ended = commands.run("luigi", [*given, f"--pipeline-data-dir={tmp_path}", *NOW])
    assert ended.returncode == 2
    assert "2026-05-15" in ended.stderr
