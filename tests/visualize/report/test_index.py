"""The index of past runs: one line for each report that is there, whatever becomes of its notes."""

import json
import os
from datetime import date

import pytest

from btc_pipeline.visualize.report import index, write
from tests.visualize.report.published import DAY, Published, backfill

LINE = {
    "name": "2026-05-14", "run_date": "2026-05-14", "title": "Bitcoin / USD", "price": "68,000.12 USD", "trust": "Yes",
    "freshness": "12 minutes old when requested", "oddities": "Nothing",
    "published_at": "2026-05-14T14:42:05Z", "is_sample": "true",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A folder with the report of a day."""
    write.write(Published().write(tmp_path / "published.duckdb"), tmp_path / "report" / f"{DAY}.html")
    return tmp_path / "report"


def add_report(folder, day, line=None):
    (folder / f"{day}.html").write_text("<!doctype html>")
    (folder / f"{day}.json").write_text(json.dumps({"index": line or LINE | {"name": day, "run_date": day}}))


def lines(folder):
    return json.loads((folder / "index.json").read_text())["runs"]


def test_a_report_comes_with_json_and_index(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-05-15.html",
        "2026-05-15.json",
        "index.html",
        "index.json",
    ]


def test_the_index_leads_to_the_report_and_its_json(folder):
    html = (folder / "index.html").read_text()
    assert 'href="2026-05-15.html"' in html
    assert 'href="2026-05-15.json"' in html


def test_the_newest_run_comes_first(folder):
    add_report(folder, "2026-05-14")
    index.update(folder, LINE | {"name": "2026-05-13", "run_date": "2026-05-13"})
    assert [line["run_date"] for line in lines(folder)] == [
        "2026-05-15",
        "2026-05-14",
    ]  # of the 13th there is no report


def test_a_run_of_the_same_day_replaces_its_line(folder):
    index.update(folder, LINE | {"name": "2026-05-15", "run_date": "2026-05-15", "price": "1.00 USD"})
    assert [line["price"] for line in lines(folder)] == ["1.00 USD"]


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"runs": 1}', '{"runs": [{}, 1, {"run_date": "2026-05-14"}]}'])
def test_a_damaged_index_is_made_again_from_the_reports(folder, notes):
    add_report(folder, "2026-05-14")
    (folder / "index.json").write_text(notes)
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert lines(folder) == [lines_of_report(folder, "2026-05-15"), LINE]


def lines_of_report(folder, day):
    return json.loads((folder / f"{day}.json").read_text())["index"]


def test_a_report_whose_json_is_gone_keeps_its_place(folder):
    add_report(folder, "2026-05-14")
    (folder / "2026-05-14.json").unlink()
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert [line["run_date"] for line in lines(folder)] == ["2026-05-15", "2026-05-14"]


def test_a_report_that_is_newer_than_the_index_tells_its_own_line(folder):
    add_report(folder, "2026-05-14", LINE | {"price": "1.00 USD"})
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    add_report(folder, "2026-05-14", LINE | {"price": "2.00 USD"})
    os.utime(folder / "2026-05-14.json", (2e9, 2e9))
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert lines(folder)[1]["price"] == "2.00 USD"


def test_a_line_of_before_there_were_backfills_is_kept(folder):
    add_report(folder, "2026-05-14", {key: value for key, value in LINE.items() if key != "name"})
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert lines(folder)[1] == LINE


def test_a_backfill_has_a_line_beside_that_of_the_day_it_was_made_on(folder):
    database = Published(about=backfill(date(2026, 5, 9), date(2026, 5, 14))).write(folder.parent / "published.duckdb")
    write.write(database, folder / "2026-05-09_2026-05-14.html")
    (folder / "2026-05-14_2026-05-09.html").touch()
    add_report(folder, "2026-05-13")
    write.write(database, folder / "2026-05-09_2026-05-14.html")
    assert [line["name"] for line in lines(folder)] == ["2026-05-15", "2026-05-09_2026-05-14", "2026-05-13"]
    html = (folder / "index.html").read_text()
    assert '<a href="2026-05-09_2026-05-14.html">2026-05-09 to 2026-05-14</a>' in html


def test_a_line_in_another_report_s_name_is_not_believed(folder):
    add_report(folder, "2026-05-14", LINE | {"name": "2026-05-15"})
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert [line["name"] for line in lines(folder)] == ["2026-05-15", "2026-05-14"]


def test_a_file_that_is_no_day_s_report_is_left_out(folder):
    (folder / "draft.html").write_text("")
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert [line["run_date"] for line in lines(folder)] == ["2026-05-15"]


def test_markup_in_a_line_is_text(folder):
    add_report(folder, "2026-05-14", LINE | {"title": "<script>alert(1)</script>"})
    index.update(folder, lines_of_report(folder, "2026-05-15"))
    assert "<script" not in (folder / "index.html").read_text()


def test_sample_runs_say_so(folder):
    assert "SAMPLE" in (folder / "index.html").read_text()


def test_a_report_of_no_candle_is_refused_and_leaves_nothing(tmp_path):
    database = Published(candles=[]).write(tmp_path / "published.duckdb")
    with pytest.raises(ValueError, match="no candle"):
        write.write(database, tmp_path / "report" / "2026-05-15.html")
    assert not (tmp_path / "report").exists()
