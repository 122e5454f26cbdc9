"""What a shell, a disk or a network may be like, and what a run makes of it: the table of docs/environment.md.

`test_environments.py` compares each line with a run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.command_line import ROOT

KEY = "CG-Test0123456789abcdef"
DEMO = ("--coingecko-plan=demo",)
SAMPLE = ("--pipeline-source=sample",)

Arrange = Callable[[Path], object]
"""Makes in the current folder of the run what the environment names."""


@dataclass(frozen=True, eq=False)
class Environment:
    """A line of the table. In `variables`, `options` and `config`, `{here}` stands for the current folder of the run.

    `says` are words of the one line of the error; without an error the run is good. `alone`: the others that do no harm
    share a run.
    """

    name: str
    says: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    config: str | bytes = ""
    arrange: Arrange = lambda here: None
    exit_code: int = 2

    def __str__(self) -> str:
        return self.name

    @property
    def is_refused(self) -> bool:
        """Whether it ends the run."""
        return bool(self.says)


def file(name: str, content: str | bytes = "", mode: int = 0o600) -> Arrange:
    def write(here: Path) -> None:
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    return write


def unix_socket(here: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(here / "key"))


def of_key(name: str, arrange: Arrange, *says: str) -> Environment:
    return Environment(f"the key's file {name}", says, {}, (*DEMO, "--coingecko-api-key-file={here}/key"), "", arrange)


def variable(name: str, value: str, *says: str) -> Environment:
    return Environment(f"`{name}={value}`", (name, *says), {name: value})


def config(name: str, text: str | bytes, *says: str) -> Environment:
    return Environment(f"luigi.cfg {name}", ("luigi.cfg cannot be read", *says), config=text)


def data_dir(name: str, place: str, *says: str, arrange: Arrange = lambda here: None) -> Environment:
    return Environment(f"`data_dir` {name}", says, {}, (*SAMPLE, f"--pipeline-data-dir={place}"), "", arrange)


def harmless(name: str, arrange: Arrange = lambda here: None, **variables: str) -> Environment:
    return Environment(name, variables=variables, arrange=arrange)


REFUSED = [
    variable("HTTPS_PROXY", "socks5://proxy:1080", "bad variable"),
    variable("HTTPS_PROXY", "http:/proxy:3128", "bad variable"),
    variable("https_proxy", "http://proxy:port", "bad variable"),
    variable("ALL_PROXY", "socks4://proxy", "bad variable"),
    variable("REQUESTS_CA_BUNDLE", "/no/such/file", "bad variable"),
    variable("CURL_CA_BUNDLE", "/no/such/file", "bad variable"),
    variable("PYTHONWARNINGS", "error", "unset"),
    variable("LUIGI_CONFIG_PARSER", "toml", "unset"),
    variable("LUIGI_CONFIG_PATH", "/no/such/luigi.cfg", "there is no such file"),
    config("with a line alone", f"[pipeline]\n{KEY}\n", "line 2"),
    config("with a line before its first section", f"{KEY}\n[pipeline]\n", "line 1"),
    config("with a key twice", "[chart]\nsize = print\nsize = print\n", "line 3", "size"),
    config("with a section twice", "[chart]\n[chart]\n", "line 2", "[chart]"),
    config("in Latin-1", "# Gr\u00f6\u00dfe\n".encode("latin-1"), "UTF-8"),
    Environment("luigi.cfg as a folder", ("cannot be read",), arrange=lambda here: (here / "luigi.cfg").mkdir()),
    Environment("luigi.cfg as a pipe", ("cannot be read",), arrange=lambda here: os.mkfifo(here / "luigi.cfg")),
    Environment("a key as plan", ("[coingecko] plan = 'CG-...'",), config=f"[coingecko]\nplan = {KEY}\n"),
    of_key("that is not there", lambda here: None, "No such file"),
    of_key("that others can read", file("key", KEY, 0o644), "chmod 600"),
    of_key("that is empty", file("key"), "there is no key"),
    of_key("as a folder", lambda here: (here / "key").mkdir(), "Is a directory"),
    of_key("as a pipe", lambda here: os.mkfifo(here / "key", 0o600), "no regular file"),
    of_key("as a socket", unix_socket, "cannot be read"),
    of_key("as /dev/zero", lambda here: (here / "key").symlink_to("/dev/zero"), "no regular file"),
    of_key("as a link to itself", lambda here: (here / "key").symlink_to("key"), "cannot be read"),
    of_key("with two lines", file("key", f"{KEY}\n{KEY}\n"), "does not hold one CoinGecko key"),
    Environment("a plan with a key, and no key", ("there is no key in $COINGECKO_API_KEY",), options=DEMO),
    data_dir("below /proc", "/proc/1/x", "no folder can be made here"),
    data_dir("below a file", "{here}/file/data", "cannot be written", arrange=file("file")),
    data_dir("as a file", "{here}/file", "cannot be written", arrange=file("file")),
    data_dir("with a name of 300 letters", "{here}/" + 300 * "x", "cannot be written"),
    data_dir("with a quote", "{here}/it's", "not a path that a database can have"),
    Environment("a coin id with brackets", ("not supported here",), options=(*SAMPLE, "--pipeline-coins=coin-[old]")),
]  # fmt: skip
"""Each ends a run before it has begun."""

HARMLESS = [
    harmless("`MPLBACKEND` of a notebook", MPLBACKEND="module://matplotlib_inline.backend_inline"),
    harmless("a `matplotlibrc` that is not UTF-8", file("matplotlibrc", b"font.family: Gr\xf6\xdfe")),
    harmless("`MATPLOTLIBRC` without a file", MATPLOTLIBRC="/no/such/file"),
    harmless(
        "a `sitecustomize` that prints", file("site/sitecustomize.py", "print('hello')"), PYTHONPATH="{here}/site"
    ),
    harmless("a file calendar.py in the current folder", file("calendar.py", "raise SystemExit('mine')")),
    *(
        harmless(f"a file {name}.py on PYTHONPATH", file(f"modules/{name}.py", "raise SystemExit('mine')"),
                 PYTHONPATH="{here}/modules")
        for name in ("yaml", "luigi", "duckdb", "queue", "random")
    ),
    harmless("variables of dbt", DBT_TARGET="prod", DBT_PROFILES_DIR="/no/such/folder", DBT_LOG_LEVEL="x"),
    harmless("variables of Airbyte", DEPLOYMENT_MODE="cloud", AIRBYTE_LOGGING_ROOT="/no/such/folder"),
    harmless("a locale of ASCII", LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii"),
    harmless("an odd time zone", TZ="Pacific/Apia"),
    harmless("no home folder", HOME="/no/such/folder", XDG_CACHE_HOME="/no/such/cache"),
    harmless("no such terminal", TERM="nothing", COLUMNS="0", LINES="-1"),
    harmless("`PYTHONSTARTUP` and others", PYTHONSTARTUP="/no/such/file", PYTHONHASHSEED="7", PYTHONNOUSERSITE="1"),
    harmless("a `.netrc` with a password for all hosts", file(".netrc", "default login me password secret\n")),
]  # fmt: skip
"""Each does no harm: the run is as good as any."""

PAGE = ROOT / "docs/environment.md"
_HEAD = """# What a shell, a disk or a network may be like

Written by `make faults` from `tests/e2e/environments.py`. `tests/e2e/test_environments.py` compares each line with a
run of `btc-pipeline run`. What ends a run ends it before anything is fetched or written, with one line that names the
cause and what to type; nobody's key is shown. [faults.md](faults.md) lists what the API may do wrong. A failing disk
is tested by `tests/e2e/test_injections.py`: each kind of system call fails in each process of a run.

| the environment | outcome | exit code |
|---|---|---|
"""


def page() -> str:
    """The table, as Markdown."""
    rows = [
        *((each.name, "refused", each.exit_code) for each in REFUSED),
        *((each.name, "no harm", 0) for each in HARMLESS),
    ]
    return _HEAD + "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
