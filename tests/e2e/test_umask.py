"""Who may read what a run leaves behind: nobody whom the umask shuts out."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.e2e.command_line import Pipeline

pytestmark = pytest.mark.long


@pytest.mark.parametrize("umask", ["077", "027", "002"])
def test_all_files_and_folders_of_a_run_obey_the_umask(umask: str, tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path / "data", wrapper=("sh", "-c", f'umask {umask}; exec "$@"', "sh"))
    result = pipeline.run()
    assert result.exit_code == 0, result.stderr
    found = [path for path in pipeline.data_dir.rglob("*") if not path.is_symlink()]
    modes = {path.relative_to(pipeline.data_dir).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in found}
    assert len(modes) > 50
    assert {name: oct(mode) for name, mode in modes.items() if mode & int(umask, 8)} == {}
    assert modes["sample/crypto_data.duckdb"] == 0o444 & ~int(umask, 8)
