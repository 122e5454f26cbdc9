"""What setup.cfg cannot say: a wheel holds the dbt project inside the package, as btc_pipeline/dbt_project.

In the repository it lies at the top. A wheel must not put it there: dbt imports each top-level package whose name
starts with `dbt_` as a plugin.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_PROJECT = Path("dbt_project")
_MADE_BY_DBT = {"target", "logs", "dbt_packages"}


class BuildPy(build_py):  # type: ignore[misc] # setuptools ships no types
    """Builds the package with the dbt project in it. An editable installation finds it where it lies."""

    def run(self) -> None:
        """Build it anew: setuptools itself leaves in place what an earlier build has put there."""
        if not self.editable_mode:
            shutil.rmtree(Path(self.build_lib, "btc_pipeline"), ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for target, source in self._dbt_project().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        """What an sdist has to hold."""
        return [*super().get_source_files(), *self._dbt_project().values()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """What a build writes."""
        outputs = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, *self._dbt_project()]

    def get_output_mapping(self) -> dict[str, str]:
        """What a build writes, and from which file."""
        return {**super().get_output_mapping(), **self._dbt_project()}

    def _dbt_project(self) -> dict[str, str]:
        """The files of the dbt project, by where they go; without what dbt itself and hidden files have left there."""
        return {
            str(Path(self.build_lib, "btc_pipeline", path)): str(path)
            for path in sorted(_PROJECT.rglob("*"))
            if path.is_file()
            and path.relative_to(_PROJECT).parts[0] not in _MADE_BY_DBT
            and not any(part.startswith(".") for part in path.parts)
        }


setup(cmdclass={"build_py": BuildPy})
