"""The error tree: an exit code for each kind, as its docstring says, and one line for a person."""

import re

import pytest

from btc_pipeline import errors
from btc_pipeline.errors import PipelineError

CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, PipelineError)]
DOCUMENTED = {name: int(code) for name, code in re.findall(r"[├└]── (\w+)\s+(\d+)\s", errors.__doc__)}


def test_the_docstring_shows_each_class_with_its_exit_code():
    assert {each.__name__: each.exit_code for each in CLASSES if each is not PipelineError} == DOCUMENTED


def test_no_two_kinds_of_error_end_with_the_same_exit_code():
    codes = [errors.SUCCESS, *(each.exit_code for each in CLASSES)]
    assert len(set(codes)) == len(codes)


def test_an_error_of_no_kind_ends_as_an_unexpected_one():
    assert (PipelineError.exit_code, errors.SUCCESS) == (errors.UNEXPECTED, 0)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_an_exit_code_is_one_that_shells_leave_to_programs(each):
    assert 0 < each.exit_code < 126 or each.exit_code in {129, 130, 143}


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_an_error_says_what_failed_the_facts_and_what_to_do(each):
    error = each("it failed", "try again", rows=3, file="/x")
    assert str(error) == "it failed [rows=3 file=/x]. Next: try again"


@pytest.mark.parametrize(("error", "line"), [
    (PipelineError("it failed"), "it failed"),
    (PipelineError("it failed", "try again"), "it failed. Next: try again"),
    (PipelineError("it failed", rows=0), "it failed [rows=0]"),
    (PipelineError(""), ""),
], ids=["what", "fix", "facts", "nothing"])  # fmt: skip
def test_what_an_error_does_not_know_it_leaves_out(error, line):
    assert str(error) == line


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\tb", "a\n\n  b", " a b ", "a\x0bb", "a\u2028b", "a\x85b"], ids=ascii
)
@pytest.mark.parametrize("where", ["what", "fix", "facts"])
def test_an_error_is_one_line_whatever_is_in_it(text, where):
    error = {
        "what": PipelineError(text),
        "fix": PipelineError("x", text),
        "facts": PipelineError("x", file=text),
    }[where]
    assert len(str(error).splitlines()) == 1
    assert "a b" in str(error)


def test_an_error_can_be_told_with_any_fact():
    assert "fact=None" in str(PipelineError("it failed", fact=None))
