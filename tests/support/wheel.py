"""The wheel of this project, built without a network, and installed into an environment that knows no checkout."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
_FOR_A_WHEEL = (
    "btc_pipeline",
    "dbt_project",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)
_BUILD_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
LEFT_BY_A_DEVELOPER = (
    *("dbt_project/target/manifest.json", "dbt_project/logs/dbt.log", "dbt_project/.user.yml"),
    *("btc_pipeline/market/.candle.py.swp", "btc_pipeline/cli/__pycache__/app.cpython-311.pyc"),
    "build/lib/btc_pipeline/removed_long_ago.py",
)


def source_tree(folder: Path) -> Path:
    """A copy of what a wheel is made from, with what a developer and the tools leave in it."""
    folder.mkdir()
    for name in _FOR_A_WHEEL:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    for name in LEFT_BY_A_DEVELOPER:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def build_sdist(tree: Path, folder: Path) -> Path:
    """Build the sdist of a source tree; setuptools from this environment does it."""
    folder.mkdir()
    _run([sys.executable, "-c", _BUILD_SDIST, folder], cwd=tree)
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree or an sdist, as `pip wheel` does, but without a network."""
    options = ("--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    _run([sys.executable, "-m", "pip", "wheel", *options, source], cwd=folder.parent)
    (wheel,) = folder.glob("*.whl")
    return wheel


def contents(archive: Path) -> dict[str, str]:
    """The files of a wheel or an sdist, each with its hash. The sdist's own top folder is left away."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: _hash(wheel.read(name)) for name in wheel.namelist()}
    with tarfile.open(archive) as sdist:
        files = {member.name: sdist.extractfile(member) for member in sdist.getmembers()}
        return {name.partition("/")[2]: _hash(file.read()) for name, file in files.items() if file}


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel. What the wheel requires comes from the environment of the tests."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def program(self, name: str) -> Path:
        """A program of it, e.g. `luigi`."""
        return self.folder / "bin" / name

    def files(self) -> dict[str, str]:
        """All files of the installed package, each with its hash."""
        package = self.packages / "btc_pipeline"
        return {
            path.relative_to(package).as_posix(): _hash(path.read_bytes())
            for path in sorted(package.rglob("*"))
            if path.is_file()
        }


def install(wheel: Path, folder: Path) -> Environment:
    """Install the wheel into a new environment, whose Python finds everything else, and no checkout, after it."""
    _run([sys.executable, "-m", "venv", "--without-pip", folder], cwd=folder.parent)
    made = Environment(folder)
    # A folder named in a .pth file is searched, but its own .pth files are not read: so not that of the checkout
    made.packages.joinpath("packages_of_the_tests.pth").write_text(
        "".join(f"{sysconfig.get_path(kind)}\n" for kind in ("purelib", "platlib"))
    )
    options = ("--quiet", "--no-user", "--no-index", "--no-deps", "--no-warn-script-location")
    pip = (sys.executable, "-m", "pip", "--python", made.program("python"))
    _run([*pip, "install", *options, wheel], cwd=folder.parent)
    for name in ("luigi", "dbt"):  # as pip writes them for the packages that the wheel requires
        lines = Path(sys.executable).with_name(name).read_text().splitlines(keepends=True)
        made.program(name).write_text("".join([f"#!{made.program('python')}\n", *lines[1:]]))
        made.program(name).chmod(0o755)
    return made


def _run(command: list[str | Path], cwd: Path) -> None:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
