"""A person's mistakes: one clear line, exit code 2, no traceback, and nothing is touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from tests.e2e import published

CONFIGURATION = 2


@dataclass(frozen=True, eq=False)
class Mistake:
    """Arguments, and what the error's line has to name."""

    arguments: tuple[str, ...]
    names: tuple[str, ...]
    config: str = ""
    """The contents of a file that LUIGI_CONFIG_PATH names."""
    env: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(self.arguments) or self.config.replace("\n", " ") or str(dict(self.env))


def setting(option: str, value: str, *names: str) -> Mistake:
    """A bad value: the line names section, key and value."""
    section, _, key = option.partition("-")
    return Mistake((f"--{option}={value}",), (f"[{section}] {key.replace('-', '_')}", *names))


def config(*lines: str, names: tuple[str, ...]) -> Mistake:
    return Mistake((), names, config="\n".join(lines) + "\n")


MISTAKES = [
    Mistake(("--date=2026-13-45",), ("--date", "2026-13-45")),
    Mistake(("--date=yesterday",), ("--date", "yesterday")),
    Mistake(("--date=2026-05-16",), ("--date", "2026-05-16")),
    setting("pipeline-coins", "../x", "'../x'"),
    setting("pipeline-coins", "BTC!", "'BTC!'"),
    setting("pipeline-coins", "bitcoin,bitcoin", "twice"),
    setting("pipeline-vs-currency", "US$", "US$"),
    setting("pipeline-vs-currency", "usd,eur,usd", "twice"),
    setting("pipeline-five-minute-points", "maybe", "'maybe'"),
    setting("pipeline-days", "0", "2", "89"),
    setting("pipeline-days", "90", "2", "89"),
    setting("pipeline-days", "365", "2", "89", "luigi --module btc_pipeline Backfill --start=-364d"),
    setting("pipeline-days", "x", "'x'"),
    setting("pipeline-max-age-hours", "nan", "nan"),
    setting("pipeline-source", "test", "live", "sample"),
    setting("pipeline-now", "2026-05-15T13:30:00", "zone"),
    setting("pipeline-now", "noon", "noon"),
    setting("pipeline-recordings", "/nowhere", "no such folder"),
    setting("coingecko-plan", "gold", "demo", "keyless", "pro"),
    setting("coingecko-base-url", "http://example.com/api/v3", "https"),
    setting("coingecko-base-url", "ftp://example.com/", "http"),
    setting("coingecko-base-url", "https://me:secret@example.com/", "user"),
    setting("coingecko-base-url", "https://example.com:port/", "URL"),
    setting("coingecko-retries", "-1", "0", "10"),
    Mistake(("--workers=2",), ("[core] workers",)),
    config("[pipeline]", "coinz = bitcoin", names=("[pipeline] coinz", "coins")),
    config("[coingecko]", "api_key = secret", names=("[coingecko] api_key", "api_key_file")),
    config("[pipeline]", "vs_currency = 100%", names=("%",)),
    config("[pipeline]", "data_dir = ${NO_SUCH_VARIABLE}/data", names=("NO_SUCH_VARIABLE",)),
    config("[pipeline]", "coins =", names=("[pipeline] coins",)),
    Mistake((), ("LUIGI_CONFIG_PATH", "/nowhere/luigi.cfg"), env={"LUIGI_CONFIG_PATH": "/nowhere/luigi.cfg"}),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def data(first_run, tmp_path_factory):
    """A pipeline on the data of a finished run, which all mistakes are made on, and its files before them."""
    pipeline = first_run[0].copy_to(tmp_path_factory.mktemp("mistakes") / "data")
    return pipeline, published.files_of(pipeline.data_dir)


@pytest.fixture(scope="module", autouse=True)
def outcomes(data, run_ahead, tmp_path_factory):
    pipeline, _ = data

    def run(mistake):
        env = dict(mistake.env)
        if mistake.config:
            file = tmp_path_factory.mktemp("config") / "luigi.cfg"
            file.write_text(mistake.config)
            env["LUIGI_CONFIG_PATH"] = str(file)
        # What the configuration file says must not be hidden by what the command line says
        is_of_file = mistake.config.startswith("[pipeline]\ndata_dir")
        where = replace(pipeline, is_data_dir_an_option=not is_of_file)
        return replace(where, env=env).refused("Visualize", *mistake.arguments)

    return run_ahead(run, MISTAKES)


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_ends_with_2_and_one_line_that_names_it(case, outcomes):
    result = outcomes[case].result()
    assert (result.exit_code, len(result.errors)) == (CONFIGURATION, 1), result.stderr
    assert [name for name in case.names if name not in result.errors[0]] == [], result.errors[0]


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_shows_no_traceback(case, outcomes):
    result = outcomes[case].result()
    assert "Traceback" not in result.stderr + result.stdout


def test_an_option_that_is_not_there_ends_with_2_and_is_named_by_luigi(data):
    pipeline, _ = data
    result = pipeline.refused("Visualize", "--pipeline-coinz=bitcoin")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        CONFIGURATION,
        "luigi: error: unrecognized arguments: --pipeline-coinz=bitcoin",
    )


def test_mistakes_touch_nothing(data, outcomes):
    pipeline, before = data
    for future in outcomes.values():
        future.result()
    assert published.files_of(pipeline.data_dir) == before
