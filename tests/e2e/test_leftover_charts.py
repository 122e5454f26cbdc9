"""Charts of an earlier run of the day that the settings no longer ask for do not stay beside the new ones."""

from datetime import date

import pytest

from btc_pipeline.settings import reader
from btc_pipeline.settings.workspace import Workspace
from btc_pipeline.steps import command_line
from btc_pipeline.visualize import drawing

pytestmark = pytest.mark.long

DAY = date(2026, 5, 15)


def charts(pipeline):
    return sorted(path.name for path in (pipeline.sample / "charts").iterdir())


def test_a_format_that_is_no_longer_asked_for_goes(finished):
    assert finished.run("Visualize", "--chart-formats", "png,svg").exit_code == 0
    assert charts(finished) == ["bitcoin_usd_2026-05-15.png", "bitcoin_usd_2026-05-15.svg"]
    assert finished.run("Visualize", "--chart-formats", "png").exit_code == 0
    assert charts(finished) == ["bitcoin_usd_2026-05-15.png"]


def test_a_coin_that_is_no_longer_asked_for_goes_and_the_page_of_all_with_it(run_of_coins, tmp_path):
    pipeline = run_of_coins()[0].copy_to(tmp_path / "data")
    assert len(charts(pipeline)) == 4
    assert pipeline.run("Visualize", "--pipeline-coins", "bitcoin").exit_code == 0
    assert charts(pipeline) == ["bitcoin_usd_2026-05-15.png"]


def test_of_a_coin_that_was_left_out_the_chart_of_the_day_stays(tmp_path):
    workspace = Workspace(tmp_path, "sample")
    names = ("ethereum_usd_2026-05-15.png", "ethereum_usd_2026-05-15.svg", "ethereum_eur_2026-05-15.png")
    before = [workspace.chart("bitcoin", "usd", DAY).with_name(name) for name in names]
    before[0].parent.mkdir(parents=True)
    for chart in before:
        chart.touch()
    with command_line.applied(["--pipeline-coins=bitcoin,ethereum"]):
        drawing.remove_leftovers(reader.load(), workspace, DAY, before)
    assert [path.name for path in before if path.exists()] == ["ethereum_usd_2026-05-15.png"]
