"""Settings: each key's default, its good and bad values, the key file, and where the data is said to come from."""

import contextlib
import dataclasses
import os
import socket
import threading
from datetime import datetime, timezone
from pathlib import Path

import luigi.configuration
import pytest
from luigi.cmdline_parser import CmdlineParser

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.settings import api_key, parsers, reader, sections

KEY = "CG-Test0123456789abcdef"


@pytest.fixture
def configured(monkeypatch):
    """A function that makes a luigi.cfg of the given text the only configuration, and reads the settings from it."""

    def load(text=""):
        parser = luigi.configuration.LuigiConfigParser()
        parser.read_string(text)
        monkeypatch.setattr(luigi.configuration.LuigiConfigParser, "_instance", parser)
        luigi.Config.clear_instance_cache()
        return reader.load()

    for name in (api_key.VARIABLE, "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    yield load
    luigi.Config.clear_instance_cache()


@pytest.fixture
def key_file(tmp_path):
    """A function that writes a key file."""

    def write(content=KEY + "\n", mode=0o600):
        path = tmp_path / "key"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    return write


def in_section(section, key, value):
    return f"[{section}]\n{key} = {value}\n"


def with_key(path):
    return f"[coingecko]\nplan = demo\napi_key_file = {path}\n"


# --- Each key: its default, good values, bad values

DEFAULTS = {
    "data_dir": Path("data").absolute(),
    "source": "live",
    "recordings": None,
    "coins": ("bitcoin",),
    "vs_currencies": ("usd",),
    "days": 7,
    "max_age_hours": 6.0,
    "min_coverage": 0.9,
    "repeat_hours": 12.0,
    "five_minute_points": True,
    "second_opinion": True,
    "second_opinion_limit_bps": 1.0,
    "summary": "table",
    "now": None,
    "plan": "keyless",
    "base_url": "https://api.coingecko.com/api/v3",
    "api_key_file": None,
    "calls_a_minute": 5,
    "calls_a_month": 0,
    "timeout_seconds": 20.0,
    "retries": 4,
    "max_wait_seconds": 180.0,
    "deadline_seconds": 600.0,
    "chart": {"style": "light", "size": "screen", "formats": ("png",), "moving_averages": (7, 30)},
}

ATTRIBUTES = {"vs_currency": "vs_currencies"}
"""Of settings that are named otherwise in luigi.cfg."""

GOOD = [
    ("pipeline", "data_dir", "/srv/btc", Path("/srv/btc")),
    ("pipeline", "data_dir", "some where", Path("some where").absolute()),
    ("pipeline", "data_dir", "~/btc", Path("~/btc").expanduser()),
    ("pipeline", "source", "sample", "sample"),
    ("pipeline", "coins", "bitcoin,ethereum", ("bitcoin", "ethereum")),
    ("pipeline", "coins", " bitcoin , usd-coin ", ("bitcoin", "usd-coin")),
    ("pipeline", "coins", "0x", ("0x",)),
    ("pipeline", "coins", "con", ("con",)),
    ("pipeline", "coins", "bridged-usdc_v1.5", ("bridged-usdc_v1.5",)),
    ("pipeline", "coins", "a" * 100, ("a" * 100,)),
    ("pipeline", "vs_currency", "eur", ("eur",)),
    ("pipeline", "vs_currency", "usd, sats", ("usd", "sats")),
    ("pipeline", "days", "2", 2),
    ("pipeline", "days", "89", 89),
    ("pipeline", "max_age_hours", "1.5", 1.5),
    ("pipeline", "max_age_hours", "168", 168.0),
    ("pipeline", "min_coverage", "0.5", 0.5),
    ("pipeline", "min_coverage", "1", 1.0),
    ("pipeline", "repeat_hours", "1", 1.0),
    ("pipeline", "repeat_hours", "720", 720.0),
    ("pipeline", "five_minute_points", "false", False),
    ("pipeline", "second_opinion", "false", False),
    ("pipeline", "second_opinion_limit_bps", "0.1", 0.1),
    ("pipeline", "second_opinion_limit_bps", "10000", 10_000.0),
    ("pipeline", "summary", "json", "json"),
    ("pipeline", "summary", "none", "none"),
    ("pipeline", "now", "2021-05-15T14:42:23Z", datetime(2021, 5, 15, 14, 42, 23, tzinfo=timezone.utc)),
    ("pipeline", "now", "2021-05-15T14:42:23+05:30", datetime(2021, 5, 15, 9, 12, 23, tzinfo=timezone.utc)),
    ("pipeline", "now", "2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=timezone.utc)),
    ("coingecko", "plan", "demo", "demo"),
    ("coingecko", "base_url", "https://api.coingecko.com/api/v3/", "https://api.coingecko.com/api/v3"),
    ("coingecko", "base_url", "https://mirror.example:8443/cg", "https://mirror.example:8443/cg"),
    ("coingecko", "base_url", "http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080/api/v3"),
    ("coingecko", "base_url", "http://localhost/api/v3", "http://localhost/api/v3"),
    ("coingecko", "base_url", "http://[::1]:8080", "http://[::1]:8080"),
    ("coingecko", "base_url", "https://api.coingecko.com./api/v3", "https://api.coingecko.com/api/v3"),
    ("coingecko", "base_url", "HTTPS://API.CoinGecko.COM/api/v3", "https://api.coingecko.com/api/v3"),
    ("coingecko", "base_url", "https://mirror.example.:8443/CG/", "https://mirror.example:8443/CG"),
    ("coingecko", "base_url", "https://notcoingecko.com/api/v3", "https://notcoingecko.com/api/v3"),
    ("coingecko", "api_key_file", "/run/key", Path("/run/key")),
    ("coingecko", "calls_a_minute", "1", 1),
    ("coingecko", "calls_a_minute", "1000", 1000),
    ("coingecko", "calls_a_month", "0", 0),
    ("coingecko", "calls_a_month", "10000", 10_000),
    ("coingecko", "timeout_seconds", "0.5e1", 5.0),
    ("coingecko", "retries", "0", 0),
    ("coingecko", "max_wait_seconds", "0", 0.0),
    ("coingecko", "deadline_seconds", "7200", 7200.0),
    ("chart", "style", "dark", "dark"),
    ("chart", "style", "mono", "mono"),
    ("chart", "size", "print", "print"),
    ("chart", "formats", "png", ("png",)),
    ("chart", "formats", "svg, png", ("png", "svg")),
    ("chart", "moving_averages", "", ()),
    ("chart", "moving_averages", "none", ()),
    ("chart", "moving_averages", "2", (2,)),
    ("chart", "moving_averages", "200, 50,365", (50, 200, 365)),
]

BAD = [
    ("pipeline", "data_dir", "", "not a path"),
    ("pipeline", "data_dir", "a\0b", "not a path"),
    ("pipeline", "data_dir", "~no-such-user/btc", "home"),
    ("pipeline", "source", "", "must be one of live, sample"),
    ("pipeline", "source", "Sample", "must be one of live, sample"),
    ("pipeline", "recordings", "/tmp", "with source = sample only"),
    ("pipeline", "coins", "", "is not a CoinGecko coin id"),
    ("pipeline", "coins", ",", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin,", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin,,ethereum", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin,bitcoin", "named twice"),
    ("pipeline", "coins", "Bit/Coin", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bit coin", "coin ids with spaces or brackets are not supported here"),
    ("pipeline", "coins", "(wrapped)-coin", "coin ids with spaces or brackets are not supported here"),
    ("pipeline", "coins", "bitcoin,coin-[old]", "coin ids with spaces or brackets are not supported here"),
    ("pipeline", "coins", "../bitcoin", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "..", "is not a CoinGecko coin id"),
    ("pipeline", "coins", ".", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "a..b", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "/etc/passwd", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin/../ethereum", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin%%2f", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin?x=1", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin\u0000", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "b\u0456tcoin", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "\uff42itcoin", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin\u0661", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "bitcoin\u202e", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "x'; drop table", "is not a CoinGecko coin id"),
    ("pipeline", "coins", "a" * 101, "is not a CoinGecko coin id"),
    ("coingecko", "calls_a_minute", "0", "between 1 and 1000"),
    ("coingecko", "calls_a_minute", "many", "not a whole number"),
    ("coingecko", "calls_a_month", "-1", "between 0 and"),
    ("pipeline", "five_minute_points", "yes", "must be one of false, true"),
    ("pipeline", "vs_currency", "", "is not a currency code"),
    ("pipeline", "vs_currency", "US-D", "is not a currency code"),
    ("pipeline", "vs_currency", "usd,usd", "twice"),
    ("pipeline", "vs_currency", "u\u0455d", "is not a currency code"),
    ("pipeline", "vs_currency", "usd/", "is not a currency code"),
    ("pipeline", "vs_currency", "u", "is not a currency code"),
    ("pipeline", "days", "", "not a whole number"),
    ("pipeline", "days", "seven", "not a whole number"),
    ("pipeline", "days", "7.5", "not a whole number"),
    ("pipeline", "days", "1", "between 2 and 89"),
    ("pipeline", "days", "90", "between 2 and 89"),
    ("pipeline", "days", "-7", "between 2 and 89"),
    ("pipeline", "days", "9" * 50, "between 2 and 89"),
    ("pipeline", "max_age_hours", "six", "not a number"),
    ("pipeline", "min_coverage", "0.49", "between 0.5 and 1"),
    ("pipeline", "min_coverage", "90", "between 0.5 and 1"),
    ("pipeline", "min_coverage", "nan", "between 0.5 and 1"),
    ("pipeline", "repeat_hours", "0.5", "between 1 and 720"),
    ("pipeline", "repeat_hours", "721", "between 1 and 720"),
    ("pipeline", "second_opinion", "yes", "must be one of false, true"),
    ("pipeline", "second_opinion_limit_bps", "0", "between 0.1 and 10000"),
    ("pipeline", "second_opinion_limit_bps", "nan", "between 0.1 and 10000"),
    ("pipeline", "summary", "xml", "must be one of json, none, table"),
    ("pipeline", "max_age_hours", "nan", "between 1 and 168"),
    ("pipeline", "max_age_hours", "inf", "between 1 and 168"),
    ("pipeline", "max_age_hours", "0.99", "between 1 and 168"),
    ("pipeline", "now", "yesterday", "not an instant"),
    ("pipeline", "now", "2021-05-15T14:42:23", "needs its zone"),
    ("pipeline", "now", "2023-02-29T00:00:00Z", "not an instant"),
    ("pipeline", "now", "1621089743", "not an instant"),
    ("pipeline", "now", "0001-01-01T00:00:00+14:00", "not an instant"),
    ("pipeline", "now", "9999-12-31T23:59:59-14:00", "not an instant"),
    ("pipeline", "now", "0001-01-01T00:00:00Z", "instant"),
    ("pipeline", "now", "9999-12-31T23:59:59Z", "instant"),
    ("coingecko", "plan", "free", "must be one of demo, keyless, pro"),
    ("coingecko", "plan", "", "must be one of demo, keyless, pro"),
    ("coingecko", "base_url", "api.coingecko.com", "not a plain http(s) URL"),
    ("coingecko", "base_url", "ftp://api.coingecko.com", "not a plain http(s) URL"),
    ("coingecko", "base_url", "file:///etc/passwd", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://user:secret@example.com", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://user@example.com", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://:secret@example.com", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://example.com/?x=1", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://example.com/#part", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://example.com/api?", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://example.com/a b", "not a"),
    ("coingecko", "base_url", "https://example.com:99999", "not a URL"),
    ("coingecko", "base_url", "https://[::1", "not a URL"),
    ("coingecko", "base_url", "https://exa\u2100mple.com", "not a URL"),
    ("coingecko", "base_url", "http://api.coingecko.com/api/v3", "must be https"),
    ("coingecko", "base_url", "http://localhost.example", "must be https"),
    ("coingecko", "base_url", "http://127.0.0.1.example", "must be https"),
    ("coingecko", "base_url", "https://./api/v3", "not a plain http(s) URL"),
    ("coingecko", "base_url", "https://pro-api.coingecko.com./api/v3", "plan = keyless is served by"),
    ("coingecko", "base_url", "https://PRO-API.coingecko.com/api/v3", "plan = keyless is served by"),
    ("coingecko", "base_url", "https://coingecko.com/api/v3", "plan = keyless is served by"),
    ("coingecko", "base_url", "https://pro-api.coingecko.com/api/v3", "plan = keyless is served by"),
    ("coingecko", "api_key_file", "a\0b", "not a path"),
    ("coingecko", "timeout_seconds", "0", "between 1 and 300"),
    ("coingecko", "timeout_seconds", "1e999", "between 1 and 300"),
    ("coingecko", "retries", "11", "between 0 and 10"),
    ("coingecko", "retries", "True", "not a whole number"),
    ("coingecko", "max_wait_seconds", "901", "between 0 and 900"),
    ("coingecko", "deadline_seconds", "4", "between 5 and 7200"),
    ("chart", "style", "blue", "must be one of dark, light, mono"),
    ("chart", "size", "a4", "must be one of print, screen"),
    ("chart", "formats", "svg", "must be png or png,svg"),
    ("chart", "formats", "", "must be png or png,svg"),
    ("chart", "formats", "png,pdf", "must be png or png,svg"),
    ("chart", "formats", "png,png", "must be png or png,svg"),
    ("chart", "moving_averages", "1", "between 2 and 365"),
    ("chart", "moving_averages", "366", "between 2 and 365"),
    ("chart", "moving_averages", "7,", "not a whole number"),
    ("chart", "moving_averages", "7;30", "not a whole number"),
    ("chart", "moving_averages", "7,7", "named twice"),
    ("chart", "moving_averages", "7,30,90,200", "at most 3"),
]


def shown(value):
    """A test id: short, and printable."""
    return ascii(value)[1:-1][:40] if isinstance(value, str) else None


def test_without_a_configuration_each_setting_has_its_default(configured):
    assert dataclasses.asdict(configured()) == DEFAULTS


def test_the_shipped_luigi_cfg_sets_nothing_but_defaults(configured):
    shipped = Path(__file__).resolve().parents[2] / "luigi.cfg"
    assert dataclasses.asdict(configured(shipped.read_text())) == DEFAULTS


def test_good_and_bad_values_are_tried_for_every_key():
    keys = {(section.get_task_family(), key) for section in SECTIONS for key, _ in section.get_params()}
    assert {(section, key) for section, key, *_ in GOOD} | {("pipeline", "recordings")} == keys
    assert {(section, key) for section, key, *_ in BAD} == keys


SECTIONS = sections.SECTIONS


@pytest.mark.parametrize(("section", "key", "value", "expected"), GOOD, ids=shown)
def test_a_good_value_is_taken(section, key, value, expected, configured):
    loaded = configured(in_section(section, key, value))
    holder = loaded.chart if section == "chart" else loaded
    assert getattr(holder, ATTRIBUTES.get(key, key)) == expected


@pytest.mark.parametrize(("section", "key", "value", "why"), BAD, ids=shown)
def test_a_bad_value_is_refused_by_section_and_key(section, key, value, why, configured):
    with pytest.raises(ConfigurationError) as refused:
        configured(in_section(section, key, value))
    assert f"[{section}] {key} = " in str(refused.value)
    assert why in str(refused.value)


def test_a_bad_value_is_shown_on_one_short_line(configured):
    with pytest.raises(ConfigurationError) as refused:
        configured(in_section("pipeline", "coins", "x\n  \u2028\x1b[31m" + "y" * 10_000))
    line = str(refused.value)
    assert len(line) < 400
    assert line.isprintable()


@pytest.mark.parametrize("coins", ["bitcoin\nethereum", "bitcoin\n", "bitcoin,\nethereum"], ids=shown)
def test_a_line_break_from_the_command_line_is_no_coin(coins, configured):
    configured()
    with CmdlineParser.global_instance(["--module", "btc_pipeline", "Visualize", "--pipeline-coins", coins]):
        try:
            taken = reader.load().coins
        except ConfigurationError:
            taken = ()
    assert all("\n" not in coin for coin in taken)


def test_the_command_line_wins_over_luigi_cfg(configured):
    configured(in_section("pipeline", "days", "5"))
    with CmdlineParser.global_instance(["--module", "btc_pipeline", "Visualize", "--pipeline-days", "6"]):
        assert reader.load().days == 6


@pytest.mark.parametrize("plan", ["keyless", "demo", "pro"])
def test_without_a_base_url_each_plan_has_its_own_host(plan, configured):
    host = "pro-api.coingecko.com" if plan == "pro" else "api.coingecko.com"
    assert configured(in_section("coingecko", "plan", plan)).base_url == f"https://{host}/api/v3"


@pytest.mark.parametrize(("plan", "host"), [
    ("keyless", "pro-api.coingecko.com"),
    ("demo", "pro-api.coingecko.com"),
    ("pro", "api.coingecko.com"),
    ("pro", "coingecko.com"),
])  # fmt: skip
def test_a_plan_at_another_plan_s_host_is_refused(plan, host, configured):
    with pytest.raises(ConfigurationError, match=rf"\[coingecko\] base_url .* plan = {plan} is served by"):
        configured(f"[coingecko]\nplan = {plan}\nbase_url = https://{host}/api/v3\n")


def test_recordings_need_a_folder_that_is_there(configured, tmp_path):
    with pytest.raises(ConfigurationError, match=r"\[pipeline\] recordings .*there is no such folder"):
        configured(f"[pipeline]\nsource = sample\nrecordings = {tmp_path}/gone\n")


def test_recordings_of_a_sample_are_taken(configured, tmp_path):
    assert configured(f"[pipeline]\nsource = sample\nrecordings = {tmp_path}\n").recordings == tmp_path


# --- luigi.cfg itself


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.get_task_family())
@pytest.mark.parametrize("key", ["coin", "Coins", "api_key", "data_dir_"])
def test_an_unknown_key_is_refused_by_its_name_and_without_its_value(section, key, configured):
    name = section.get_task_family()
    with pytest.raises(ConfigurationError) as refused:
        configured(in_section(name, key, KEY))
    assert f"[{name}] {key}" in str(refused.value)
    assert KEY not in str(refused.value)


def test_an_unknown_key_is_told_which_keys_there_are(configured):
    with pytest.raises(ConfigurationError, match=r"use one of: .*coins, data_dir, days"):
        configured(in_section("pipeline", "coin", "bitcoin"))


def test_a_key_may_be_written_with_hyphens(configured):
    with pytest.warns(DeprecationWarning, match="with dashes"):  # Luigi's own word on it
        loaded = configured(in_section("pipeline", "vs-currency", "eur"))
    assert loaded.vs_currencies == ("eur",)


@pytest.mark.parametrize("value", ["50%", "%(nothing)s", "${BTC_PIPELINE_TEST_UNSET}"])
def test_a_value_that_luigi_cannot_interpolate_is_one_line_with_the_way_out(value, configured):
    with pytest.raises(ConfigurationError, match=r"luigi\.cfg cannot be read: .*write a % as %%"):
        configured(in_section("pipeline", "data_dir", value))


def test_a_variable_that_is_set_is_put_in(configured, monkeypatch):
    monkeypatch.setenv("BTC_PIPELINE_TEST_COIN", "monero")
    assert configured(in_section("pipeline", "coins", "${BTC_PIPELINE_TEST_COIN}")).coins == ("monero",)


def test_a_doubled_percent_is_a_percent(configured):
    assert configured(in_section("pipeline", "data_dir", "/srv/50%%")).data_dir == Path("/srv/50%")


def test_sections_of_others_are_left_alone(configured):
    assert configured("[core]\nno_such_key = 1\n[elsewhere]\ncoins = 1\n").coins == ("bitcoin",)


# --- The key


@pytest.mark.parametrize(("plan", "header"), [("demo", "x-cg-demo-api-key"), ("pro", "x-cg-pro-api-key")])
def test_a_key_goes_into_the_header_of_its_plan(plan, header, configured, key_file):
    loaded = configured(f"[coingecko]\nplan = {plan}\napi_key_file = {key_file()}\n")
    assert loaded.api_key() == (header, KEY)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_file_of_its_owner_alone_is_read(mode, configured, key_file):
    assert configured(with_key(key_file(mode=mode))).api_key() == ("x-cg-demo-api-key", KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601, 0o666], ids=oct)
def test_a_key_file_that_others_can_use_is_refused(mode, configured, key_file):
    path = key_file(mode=mode)
    with pytest.raises(ConfigurationError, match=rf"others can read the key: .*chmod 600 {path}"):
        configured(with_key(path)).api_key()


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600], ids=oct)
def test_a_credential_of_systemd_may_show_the_mask_of_its_acl(mode, configured, key_file, monkeypatch):
    path = key_file(mode=mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent))
    assert configured(with_key(path)).api_key() == ("x-cg-demo-api-key", KEY)


@pytest.mark.parametrize("mode", [0o444, 0o460, 0o644], ids=oct)
def test_a_credential_that_others_can_use_is_refused(mode, configured, key_file, monkeypatch):
    path = key_file(mode=mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent))
    with pytest.raises(ConfigurationError, match="others can read the key"):
        configured(with_key(path)).api_key()


@pytest.mark.parametrize("folder", ["", "/", "/run/credentials/another.service"])
def test_a_file_beside_the_credentials_is_no_credential(folder, configured, key_file, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", folder)
    with pytest.raises(ConfigurationError, match="others can read the key"):
        configured(with_key(key_file(mode=0o440))).api_key()


def test_a_link_is_judged_by_the_file_that_it_leads_to(configured, key_file, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(key_file(mode=0o644))
    with pytest.raises(ConfigurationError, match="others can read the key"):
        configured(with_key(link)).api_key()


def _fifo(path):
    os.mkfifo(path, 0o600)


def _socket(path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(path))
    path.chmod(0o600)


def _pipe_of_the_shell(path):
    reading, writing = os.pipe()
    os.write(writing, KEY.encode())
    path.symlink_to(f"/dev/fd/{reading}")  # as `<(…)` names it


def _loop(path):
    path.symlink_to(path)


IRREGULAR = {
    "a pipe without a writer": (_fifo, "it is no regular file"),
    "<(…)": (_pipe_of_the_shell, "it is no regular file"),
    "/dev/zero": (lambda path: path.symlink_to("/dev/zero"), "it is no regular file"),
    "/dev/null": (lambda path: path.symlink_to("/dev/null"), "it is no regular file"),
    "/dev/random": (lambda path: path.symlink_to("/dev/random"), "it is no regular file"),
    "a socket": (_socket, "cannot be read"),
    "a folder": (lambda path: path.mkdir(mode=0o700), "cannot be read"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "No such file"),
    "a link to itself": (_loop, "cannot be read"),
}


@pytest.mark.parametrize(("make", "why"), IRREGULAR.values(), ids=IRREGULAR)
def test_a_key_file_that_is_no_regular_file_is_refused_at_once(make, why, configured, tmp_path):
    make(tmp_path / "key")
    loaded, raised = configured(with_key(tmp_path / "key")), []

    def read():
        try:
            loaded.api_key()
        except ConfigurationError as error:
            raised.append(str(error))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(60)
    assert not reading.is_alive()
    assert why in raised[0]
    assert KEY not in raised[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root gives a file to another user")
def test_a_key_file_of_another_user_is_refused(configured, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    os.chown(key, 12345, -1)
    with pytest.raises(ConfigurationError, match="the key's file is another user's"):
        configured(with_key(key)).api_key()


@pytest.mark.parametrize("content", [f"{KEY}\r\n", f"{KEY}\n\n", f"  {KEY}  ", KEY], ids=repr)
def test_white_space_around_a_key_does_not_count(content, configured, key_file):
    assert configured(with_key(key_file(content))).api_key() == ("x-cg-demo-api-key", KEY)


@pytest.mark.parametrize(("content", "why"), [
    ("", "there is no key in"),
    (" \n\t\n", "there is no key in"),
    (b"\x80\xff\x00\x01", "it is not text"),
    (KEY.replace("T", "\u0422"), "it is not text"),
    (f"{KEY}\n{KEY}\n", "does not hold one CoinGecko key"),
    (f"COINGECKO_API_KEY={KEY}\n", "does not hold one CoinGecko key"),
    (f'"{KEY}"', "does not hold one CoinGecko key"),
    (f"{KEY}\0", "does not hold one CoinGecko key"),
    ("short", "does not hold one CoinGecko key"),
    ("x" * 129, "does not hold one CoinGecko key"),
    ("x" * 1_000_000, "does not hold one CoinGecko key"),
], ids=[
    "empty", "blank", "binary", "look-alike", "two lines", "assignment", "quotes", "nul", "short", "long", "huge",
])  # fmt: skip
def test_a_file_that_is_not_one_key_is_refused(content, why, configured, key_file):
    path = key_file(content)
    with pytest.raises(ConfigurationError) as refused:
        configured(with_key(path)).api_key()
    assert why in str(refused.value)
    assert f"api_key_file = {path}" in str(refused.value)


def test_a_key_file_that_is_missing_is_named(configured, tmp_path):
    with pytest.raises(ConfigurationError, match=rf"api_key_file = {tmp_path}/gone: No such file"):
        configured(with_key(tmp_path / "gone")).api_key()


def test_a_key_file_that_is_a_folder_is_refused(configured, tmp_path):
    with pytest.raises(ConfigurationError, match=rf"api_key_file = {tmp_path}: Is a directory"):
        configured(with_key(tmp_path)).api_key()


def test_blanks_around_a_key_are_no_part_of_it(configured, key_file):
    assert configured(with_key(key_file(f"  {KEY} \r\n"))).api_key() == ("x-cg-demo-api-key", KEY)


def test_without_a_file_the_key_is_taken_from_the_environment(configured, monkeypatch):
    loaded = configured(in_section("coingecko", "plan", "demo"))
    monkeypatch.setenv("COINGECKO_API_KEY", KEY)
    assert loaded.api_key() == ("x-cg-demo-api-key", KEY)


def test_a_file_wins_over_the_environment(configured, key_file, monkeypatch):
    loaded = configured(with_key(key_file()))
    monkeypatch.setenv("COINGECKO_API_KEY", "CG-of-the-environment")
    assert loaded.api_key() == ("x-cg-demo-api-key", KEY)


@pytest.mark.parametrize("value", [None, "", "  "], ids=["unset", "empty", "blank"])
def test_a_plan_without_any_key_is_refused(value, configured, monkeypatch):
    loaded = configured(in_section("coingecko", "plan", "pro"))
    if value is not None:
        monkeypatch.setenv("COINGECKO_API_KEY", value)
    with pytest.raises(ConfigurationError, match=r"there is no key in \$COINGECKO_API_KEY"):
        loaded.api_key()


@pytest.mark.parametrize("cfg", [
    "[coingecko]\nplan = keyless\n",
    "[pipeline]\nsource = sample\n[coingecko]\nplan = pro\n",
], ids=["keyless", "sample"])  # fmt: skip
def test_where_no_key_is_needed_none_is_read(cfg, configured, monkeypatch):
    monkeypatch.setenv("COINGECKO_API_KEY", "!! no key at all !!")
    assert configured(cfg).api_key() is None


def test_a_key_that_has_changed_is_read_anew(configured, key_file):
    path = key_file()
    loaded = configured(with_key(path))
    loaded.api_key()
    path.write_text("CG-the-next-one")
    assert loaded.api_key() == ("x-cg-demo-api-key", "CG-the-next-one")


def test_settings_that_have_read_a_key_do_not_show_it(configured, key_file):
    loaded = configured(with_key(key_file()))
    loaded.api_key()
    assert KEY not in f"{loaded} {loaded!r} {dataclasses.asdict(loaded)}"


@pytest.mark.parametrize("content", [f"{KEY} x", f"{KEY}\n{KEY}", f"{KEY}\u00e9"], ids=ascii)
def test_an_error_about_a_key_does_not_show_it(content, configured, key_file):
    with pytest.raises(ConfigurationError) as refused:
        configured(with_key(key_file(content))).api_key()
    error = refused.value
    assert KEY not in f"{error} {error!r} {error.args} {error.facts} {error.__cause__!r}"


def test_an_error_about_a_key_of_the_environment_does_not_show_it(configured, monkeypatch):
    monkeypatch.setenv("COINGECKO_API_KEY", f"{KEY} {KEY}")
    with pytest.raises(ConfigurationError) as refused:
        configured(in_section("coingecko", "plan", "demo")).api_key()
    assert KEY not in f"{refused.value} {refused.value!r}"


@pytest.mark.parametrize("base_url", [
    f"https://api.coingecko.com/api/v3?x_cg_demo_api_key={KEY}",
    f"https://user:{KEY}@api.coingecko.com/api/v3",
    f"https://{KEY}@api.coingecko.com/api/v3",
    f"https://api.coingecko.com/api/v3#{KEY}",
])  # fmt: skip
def test_a_key_in_the_base_url_is_refused_and_not_shown(base_url, configured):
    with pytest.raises(ConfigurationError) as refused:
        configured(in_section("coingecko", "base_url", base_url))
    assert KEY not in f"{refused.value} {refused.value!r}"


# --- What else is asked of settings


@pytest.mark.parametrize(("cfg", "provenance"), [
    ("", "CoinGecko"),
    ("[coingecko]\nplan = pro\n", "CoinGecko"),
    ("[coingecko]\nbase_url = http://127.0.0.1:8080/api/v3\n", "live (127.0.0.1)"),
    ("[coingecko]\nbase_url = https://xcoingecko.com.example\n", "live (xcoingecko.com.example)"),
    ("[pipeline]\nsource = sample\n", "SAMPLE (synthetic)"),
    ("[pipeline]\nsource = sample\n[coingecko]\nbase_url = https://mirror.example\n", "SAMPLE (synthetic)"),
], ids=["keyless", "pro", "loopback", "other host", "sample", "sample with url"])  # fmt: skip
def test_provenance_says_whom_the_data_comes_from(cfg, provenance, configured):
    assert configured(cfg).provenance == provenance


def test_provenance_of_recordings_names_their_folder(configured, tmp_path):
    folder = tmp_path / "may 2021"
    folder.mkdir()
    loaded = configured(f"[pipeline]\nsource = sample\nrecordings = {folder}\n")
    assert loaded.provenance == "SAMPLE (recordings may 2021 e3b0c442)"


def test_recordings_of_other_content_are_another_source(configured, tmp_path):
    provenances = set()
    for content in ("[1]", "[2]"):
        (tmp_path / "btc_usd_7d_hourly_2021-05-15.json").write_text(content)
        provenances.add(configured(f"[pipeline]\nsource = sample\nrecordings = {tmp_path}\n").provenance)
    assert len(provenances) == 2


@pytest.mark.parametrize(("source", "is_sample"), [("sample", True), ("live", False)])
def test_only_a_sample_is_a_sample(source, is_sample, configured):
    assert configured(in_section("pipeline", "source", source)).is_sample is is_sample


def test_the_instant_is_the_configured_now(configured):
    loaded = configured(in_section("pipeline", "now", "2021-05-15T23:59:59Z"))
    assert (loaded.instant().isoformat(), loaded.today().isoformat()) == ("2021-05-15T23:59:59+00:00", "2021-05-15")


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/New_York"])
def test_today_is_the_utc_day_in_every_time_zone(zone, configured, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    loaded = configured(in_section("pipeline", "now", "2021-05-15T00:00:01+14:00"))
    assert loaded.today().isoformat() == "2021-05-14"


def test_without_a_now_the_clock_is_read_at_each_call(configured):
    loaded = configured()
    first = loaded.instant()
    assert first < loaded.instant() <= datetime.now(timezone.utc)


def test_reading_the_settings_changes_no_environment(configured):
    before = dict(os.environ)
    configured()
    assert dict(os.environ) == before


# --- instant


@pytest.mark.parametrize(("text", "instant"), [
    ("2021-05-15T14:42:23Z", "2021-05-15T14:42:23+00:00"),
    ("2021-05-15T14:42:23z", "2021-05-15T14:42:23+00:00"),
    (" 2021-05-15 14:42:23+00:00 ", "2021-05-15T14:42:23+00:00"),
    ("2021-05-15T14:42:23.456789Z", "2021-05-15T14:42:23.456789+00:00"),
    ("2021-01-01T00:30:00+01:00", "2020-12-31T23:30:00+00:00"),
    ("2009-01-03T18:15:05Z", "2009-01-03T18:15:05+00:00"),
    ("2099-12-31T23:59:59Z", "2099-12-31T23:59:59+00:00"),
])  # fmt: skip
def test_an_instant_is_read_as_utc(text, instant):
    assert parsers.instant(text).isoformat() == instant


@pytest.mark.parametrize("text", [
    "", "Z", "now", "2021-05-15", "2021-05-15T14:42:23", "2021-05-15T14:42:60Z", "2021-13-01T00:00:00Z",
    "2021-05-15T14:42:23ZZ", "2021-05-15T14:42:23+25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
])  # fmt: skip
def test_what_is_no_instant_is_a_value_error(text):
    with pytest.raises(ValueError, match="instant"):
        parsers.instant(text)


# --- A new data folder where nobody has chosen one


def surprise(configured, monkeypatch, folder, text="", files=()):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(luigi.configuration.LuigiConfigParser, "_config_paths", list(files))
    return reader.surprise(configured(text))


def test_in_a_folder_without_luigi_cfg_a_new_data_folder_is_announced(configured, monkeypatch, tmp_path):
    said = surprise(configured, monkeypatch, tmp_path)
    assert f"no luigi.cfg in {tmp_path}" in said
    assert f"{tmp_path}/data. To choose: btc-pipeline init" in said


def test_a_data_folder_that_is_there_or_chosen_is_no_surprise(configured, monkeypatch, tmp_path):
    assert surprise(configured, monkeypatch, tmp_path, text="[pipeline]\ndata_dir = elsewhere\n") == ""
    (tmp_path / "luigi.cfg").write_text("[pipeline]\ndays = 7\n")
    assert surprise(configured, monkeypatch, tmp_path, files=["luigi.cfg"]) == ""
    (tmp_path / "luigi.cfg").unlink()
    (tmp_path / "data").mkdir()
    assert surprise(configured, monkeypatch, tmp_path) == ""


# --- Capital letters


def test_capital_letters_of_coins_and_currencies_are_read_as_small_ones(configured):
    settings = configured("[pipeline]\ncoins = BTC,Bitcoin\nvs_currency = USD\n")
    assert (settings.coins, settings.vs_currencies) == (("btc", "bitcoin"), ("usd",))


@pytest.mark.parametrize("text", ["Bitcoin!", "BITCOIN,bitcoin"])
def test_what_is_no_id_in_small_letters_either_is_refused_as_it_was_written(text, configured):
    with pytest.raises(ConfigurationError, match=text):
        configured(f"[pipeline]\ncoins = {text}\n")
