"""`pip install` into the .venv of the Python that runs this, with the arguments of pip.

The user's settings of pip, in the environment and in pip.conf, count where they say from where packages come. What they
say of where packages go, and of which to take, does not: a lock is installed as it is, into .venv, or it fails.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

FROM_WHERE = {
    *("index-url", "pypi-url", "extra-index-url", "no-index", "find-links"),
    *("proxy", "cert", "client-cert", "trusted-host", "keyring-provider", "use-feature", "use-deprecated", "no-input"),
    *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir", "log"),
}
"""Settings of pip that are kept. `use-feature` and `use-deprecated` choose the certificates in some versions."""

OTHERS = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
NO_FILES = {"PIP_CONFIG_FILE": os.devnull}
PIP = (sys.executable, "-I", "-m", "pip")


def main() -> int:
    """Install, then look whether it is there. pip says itself what is wrong; a line says what counted."""
    kept = {name: value for name, value in {**_of_files(), **_of_environment()}.items() if name in FROM_WHERE}
    environment = OTHERS | _as_variables(kept) | NO_FILES
    install = (*PIP, "install", "-qq", "--disable-pip-version-check", *sys.argv[1:])
    if code := subprocess.run(install, env=environment, check=False).returncode:
        counted = f"settings of pip that count: {', '.join(sorted(kept)) or 'none'}"
        _say(f"pip could not install into .venv, and says why above; {counted}. Next: correct it, make install")
        return code
    if "-r" in sys.argv and subprocess.run((*install, "--no-index"), env=OTHERS | NO_FILES, check=False).returncode:
        name = Path(sys.argv[-1]).name
        _say(f"pip has installed {name}, but not into .venv. Next: look for what moves it, e.g. ~/.pydistutils.cfg")
        return 1
    return 0


def _of_files() -> dict[str, str]:
    """What pip.conf says, as pip itself reads it: the user's, the machine's and that of PIP_CONFIG_FILE."""
    named = {name: value for name, value in os.environ.items() if name == "PIP_CONFIG_FILE"}
    listed = subprocess.run(
        (*PIP, "config", "list"), env=OTHERS | named, stdout=subprocess.PIPE, text=True, check=False
    )
    if listed.returncode:
        _say("pip cannot read its configuration, and says why above. Next: correct that file")
        sys.exit(listed.returncode)
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():  # sorted: what [install] says comes after [global], and wins
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in ("global", "install"):
            found[key] = ast.literal_eval(value)
    return found


def _of_environment() -> dict[str, str]:
    """What the variables of pip say. An empty one says nothing."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and value}
    return {name.removeprefix("PIP_").lower().replace("_", "-"): value for name, value in variables.items()}


def _as_variables(settings: dict[str, str]) -> dict[str, str]:
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items()}


def _say(line: str) -> None:
    print(f"btc_pipeline: {line}", file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
