"""The doctor and variables of the environment: named if they change a run, without their values."""

import pytest

from btc_pipeline.commands.doctor.variables import variables
from btc_pipeline.settings import reader
from btc_pipeline.steps import command_line

OF_NETWORKS = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


@pytest.fixture
def ask(monkeypatch):
    """A function that checks the variables for a source."""
    for name in (*OF_NETWORKS, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def ask(source="live"):
        with command_line.applied(["--pipeline-source", source]):
            return variables(reader.load())

    return ask


def test_without_a_variable_nothing_is_said(ask):
    assert (ask().state, ask().facts) == ("ok", "none changes a run")


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE"])
def test_a_variable_that_says_how_coingecko_is_reached_is_named_without_its_value(name, ask, monkeypatch):
    monkeypatch.setenv(name, "http://me:secret@proxy:3128")
    check = ask()
    assert (check.state, check.facts) == ("ok", f"CoinGecko is reached as {name} says")
    assert "secret" not in str(check)


def test_of_several_variables_those_that_count_are_named(ask, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "x")
    assert ask().facts == "CoinGecko is reached as https_proxy and CURL_CA_BUNDLE say"


def test_a_proxy_that_an_exception_rules_out_is_not_named(ask, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "coingecko.com")
    assert ask().facts == "none changes a run"


def test_sample_data_needs_no_network(ask, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert ask("sample").facts == "none changes a run"


def test_a_variable_that_disturbs_each_command_fails(ask, monkeypatch):
    monkeypatch.setenv("PYTHONINSPECT", "1")
    check = ask()
    assert (check.state, check.code, check.fix) == ("failed", 2, "unset PYTHONINSPECT")
