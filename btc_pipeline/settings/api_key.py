"""CoinGecko's key: from a file that only its owner can read, or from the environment. No message shows it.

Reads the key anew at each call, and keeps it nowhere.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.system import core_dumps, files

VARIABLE = "COINGECKO_API_KEY"
"""The environment's variable that holds the key, if no file is named."""

_ROOT = 0
_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")


def read(path: Path | None) -> str:
    """The key.

    Raises:
        ConfigurationError: there is no key, others can read or own its file, or it is not one line of key.
    """
    key, place = (os.environ.get(VARIABLE, "").strip(), f"${VARIABLE}") if path is None else _of_file(path)
    if not key:
        raise ConfigurationError(f"there is no key in {place}", "set it, or use plan = keyless")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(f"{place} does not hold one CoinGecko key", "put the key alone in it")
    core_dumps.forbid()
    return key


def _of_file(path: Path) -> tuple[str, str]:
    """What the file holds, and its place in words. If somebody has set the key as the path, it is not shown."""
    is_key_itself = not path.exists() and _KEY.fullmatch(path.name)
    place = f"[coingecko] api_key_file{'' if is_key_itself else f' = {path}'}"
    try:
        with files.opened(path) as file:
            found = os.fstat(file.fileno())
            if stat.S_IMODE(found.st_mode) & _readable_by_others(path):
                raise ConfigurationError(f"others can read the key: {place}", f"chmod 600 {path}")
            if found.st_uid not in {os.geteuid(), _ROOT}:  # root's are those of systemd and of containers
                raise ConfigurationError(f"the key's file is another user's: {place}", f"chown $(id -u) {path}")
            return file.read(1024).decode("ascii").strip(), place
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"the key cannot be read: {place}: {reason}", "name a file that holds the key"
        ) from None


def _readable_by_others(path: Path) -> int:
    """The mode bits that a key file must not have. systemd shares credentials by ACL: its mask shows as the group's."""
    is_credential = path.parent == Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))
    return 0o027 if is_credential else 0o077
