"""`btc-pipeline init`: a luigi.cfg with all settings, each with its default and its meaning.

Overwrites nothing; reads no setting, so a bad luigi.cfg elsewhere does not matter.
"""

from __future__ import annotations

from pathlib import Path

from btc_pipeline.errors import ConfigurationError
from btc_pipeline.settings import template
from btc_pipeline.system import files

NAME = "luigi.cfg"


def write(folder: Path) -> Path:
    """Write the file into a folder, which is made if it is not there; returns its path.

    Raises:
        ConfigurationError: the folder has a luigi.cfg, or cannot be written.
    """
    path = folder / NAME
    try:
        if path.is_symlink() or path.exists():
            raise ConfigurationError(f"there is a {path} already", "edit it, or name another folder")
        files.write(path, template.text().encode())
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", "name another folder") from None
    return path
