"""Can luigi.cfg be read at all? Luigi itself ends with a traceback that shows the line, or takes the defaults.

Parses it as Luigi does, before Luigi is imported. `reader` says what the values may be.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator
from pathlib import Path

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.system import files

_PATHS = ("/etc/luigi/client.cfg", "/etc/luigi/luigi.cfg", "client.cfg", "luigi.cfg")
_PARSERS = {"cfg", "conf", "ini"}
_MOST_BYTES = 1 << 20


def check() -> None:
    """Whether each file that Luigi would read is one that it can read.

    Raises:
        ConfigurationError: names the file and the line, and never what stands there: it may be a key.
    """
    parser = os.environ.get("LUIGI_CONFIG_PARSER", "cfg")
    if parser not in _PARSERS:
        raise ConfigurationError(f"LUIGI_CONFIG_PARSER = {parser}: the settings are in luigi.cfg", "unset it")
    for path in _paths():
        if fault := _fault(path):
            raise ConfigurationError(f"{path} cannot be read: {fault}", "correct it, or move it away")


def _paths() -> Iterator[Path]:
    """The files that Luigi reads, of those that are there."""
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named:
        if not _is_there(Path(named)):
            raise ConfigurationError(f"LUIGI_CONFIG_PATH = {named}: there is no such file", "correct it, or unset it")
        yield Path(named)
    yield from (path for path in map(Path, _PATHS) if _is_there(path))


def _is_there(path: Path) -> bool:
    """Whether there is anything of this name, as far as this user may know."""
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _fault(path: Path) -> str:
    """Why a file cannot be read; empty if it can."""
    try:
        with files.opened(path) as file:
            text = file.read(_MOST_BYTES + 1).decode()
        if text.startswith("\ufeff"):
            return "it begins with a byte-order mark: save it as UTF-8 without one"
        if len(text) > _MOST_BYTES:
            return "it has more than 1 MiB"
        configparser.ConfigParser(interpolation=None).read_string(text)
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except OSError as error:
        is_machine_s = str(path).startswith("/etc/")  # its user cannot correct it, and Luigi passes it over
        return "" if is_machine_s and isinstance(error, PermissionError) else error.strerror or str(error)
    except configparser.MissingSectionHeaderError as error:
        return f"line {error.lineno} is no [section]"
    except configparser.ParsingError as error:
        return f"line {error.errors[0][0]} is no [section] and no key = value"
    except configparser.DuplicateOptionError as error:
        return f"line {error.lineno}: [{error.section}] has the key {error.option} twice"
    except configparser.DuplicateSectionError as error:
        return f"line {error.lineno}: the section [{error.section}] is there twice"
    return ""
