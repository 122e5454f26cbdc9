"""A table of text: columns as wide as their widest cell, numbers at the right, no blanks at the end."""

from btc_pipeline.terminal import grid


def test_columns_are_as_wide_as_their_widest_cell():
    assert grid.lines([("what", "calls"), ("a", "1,000")]) == ["what  calls", "a     1,000"]


def test_numbers_stand_at_the_right():
    assert grid.lines([("what", "calls"), ("a", "7")], numbers={1}) == ["what  calls", "a         7"]


def test_no_line_ends_with_blanks():
    assert grid.lines([("a", "long"), ("b", "")]) == ["a  long", "b"]


def test_without_rows_there_are_no_lines():
    assert grid.lines([]) == []
