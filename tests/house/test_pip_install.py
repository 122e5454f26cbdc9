"""What a person has set for pip and Python does not move an installation: with real pip, and HTTP on loopback."""

import functools
import hashlib
import http.server
import importlib.metadata
import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.support.swept import swept

ROOT = Path(__file__).parents[2]
NAME = "tiny-1.0-py3-none-any.whl"
FOLDER = "FOLDER"
"""Stands for an empty folder in a setting of pip."""

WHERE_TO = [("target", FOLDER), ("dry-run", "1"), ("constraint", f"{FOLDER}/constraints.txt")]
OTHERS = [
    *[(name, FOLDER) for name in ("prefix", "root", "src")],
    *[(name, "1") for name in ("user", "no-deps", "require-virtualenv", "ignore-installed", "isolated", "pre")],
    ("report", f"{FOLDER}/report.json"),
    ("no-binary", ":all:"),
    ("only-binary", ":none:"),
    ("platform", "win32"),
    ("python-version", "3.8"),
    ("requirement", f"{FOLDER}/requirements.txt"),
    ("editable", f"{FOLDER}/project"),
    ("uploaded-prior-to", "2001-01-01T00:00:00Z"),
]
PYTHONS = [("PYTHONPATH", FOLDER), ("PYTHONHOME", FOLDER), ("PYTHONUSERBASE", FOLDER), ("PYTHONPLATLIBDIR", "lib99")]


def write_wheel(path: Path, name: str, files: dict[str, str]) -> None:
    about = f"{name}-1.0.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    metadata = {f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", f"{about}/WHEEL": wheel}
    record = {f"{about}/RECORD": "".join(f"{each},,\n" for each in (*files, *metadata, f"{about}/RECORD"))}
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in (files | metadata | record).items():
            archive.writestr(each, text)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Installation:
    """A .venv with pip and nothing else, an index with one package, and a lock that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index" / "tiny"
        self.index.mkdir(parents=True)
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        self.lock = folder / "requirements.lock"
        self._publish()
        self._make_venv()

    def _make_venv(self) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder / ".venv"], check=True)
        self.packages = next((self.folder / ".venv/lib").iterdir()) / "site-packages"
        pip = importlib.metadata.distribution("pip").locate_file("pip")
        (self.packages / "pip").symlink_to(Path(str(pip)))

    def _publish(self) -> None:
        write_wheel(self.index / NAME, "tiny", {"tiny.py": ""})
        self.lock.write_text(f"tiny==1.0 --hash=sha256:{digest(self.index / NAME)}\n")

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """As the Makefile does it, in an environment with these variables and a home of its own."""
        command = [str(self.folder / ".venv/bin/python"), "-I", str(ROOT / ".ci/pip_install.py")]
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PIP_CACHE_DIR": str(self.folder / "cache")}
        return subprocess.run(
            [*command, "--require-hashes", "--no-deps", "-r", self.lock],
            env=kept | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def config(self, text: str) -> str:
        """A pip.conf of this content."""
        path = self.folder / "pip.conf"
        path.write_text(text)
        return str(path)

    def is_there(self) -> bool:
        return (self.packages / "tiny.py").exists()


@pytest.fixture
def installation(tmp_path):
    found = Installation(tmp_path)
    (found.elsewhere / "constraints.txt").write_text("tiny==2.0\n")
    return found


@pytest.fixture
def offline(installation):
    """The variables with which pip takes packages from the folder alone."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(installation.index)}


@pytest.fixture
def mirror(installation) -> Iterator[str]:
    """The address of an index on loopback."""
    handler = functools.partial(Quiet, directory=str(installation.index.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A folder of folders is an index."""

    def log_message(self, *_args: object) -> None:
        pass


def with_folder(value: str, installation: Installation) -> str:
    return value.replace(FOLDER, str(installation.elsewhere))


def assert_is_in_venv_alone(installation: Installation, result: subprocess.CompletedProcess[str]) -> None:
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert installation.is_there()
    assert [each.name for each in installation.elsewhere.iterdir()] == ["constraints.txt"]


@pytest.mark.parametrize("setting", [*WHERE_TO, *swept([*OTHERS, ("python", f"{FOLDER}/python")])], ids=str)
def test_a_variable_of_pip_does_not_say_what_is_installed_and_where(installation, offline, setting):
    name, value = setting
    variable = {f"PIP_{name.upper().replace('-', '_')}": with_folder(value, installation)}
    assert_is_in_venv_alone(installation, installation.install(**offline, **variable))


@pytest.mark.parametrize("setting", [*WHERE_TO[:1], *swept([*WHERE_TO[1:], *OTHERS])], ids=str)
def test_a_pip_conf_does_not_say_what_is_installed_and_where(installation, offline, setting):
    name, value = setting
    config = installation.config(f"[install]\n{name} = {with_folder(value, installation)}\n")
    assert_is_in_venv_alone(installation, installation.install(**offline, PIP_CONFIG_FILE=config))


@pytest.mark.parametrize("setting", [PYTHONS[0], *swept(PYTHONS[1:])], ids=str)
def test_a_variable_of_python_does_not_hide_that_a_package_is_missing(installation, offline, setting):
    name, value = setting
    assert installation.install(**offline).returncode == 0
    for path in installation.packages.glob("tiny*"):
        path.rename(installation.elsewhere / path.name)
    installation.install(**offline, **{name: with_folder(value, installation)})
    assert installation.is_there()


@pytest.mark.parametrize("section", ["global", *swept(["install"])])
def test_the_mirror_of_a_pip_conf_is_used(installation, mirror, section):
    config = installation.config(f"[{section}]\nindex-url = {mirror}\ntimeout = 5\n")
    assert_is_in_venv_alone(installation, installation.install(PIP_CONFIG_FILE=config))


def test_the_pip_conf_of_the_user_is_read(installation, mirror):
    (installation.folder / ".pip").mkdir()
    (installation.folder / ".pip/pip.conf").write_text(
        f"[global]\nindex-url = {mirror}\ntarget = {installation.elsewhere}\n"
    )
    assert_is_in_venv_alone(installation, installation.install())


def test_a_variable_wins_over_the_pip_conf(installation, mirror):
    config = installation.config("[install]\nindex-url = http://127.0.0.1:9/\n")
    assert_is_in_venv_alone(installation, installation.install(PIP_CONFIG_FILE=config, PIP_INDEX_URL=mirror))


def test_an_empty_variable_does_not_hide_what_the_pip_conf_says(installation, mirror):
    config = installation.config(f"[install]\nindex-url = {mirror}\n")
    assert_is_in_venv_alone(installation, installation.install(PIP_CONFIG_FILE=config, PIP_INDEX_URL=""))


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    return result.stderr.splitlines()[-1]


def test_what_pip_cannot_install_is_said_with_the_settings_that_count(installation, offline):
    installation.lock.write_text("tiny==1.0 --hash=sha256:" + "0" * 64 + "\n")
    result = installation.install(**offline, PIP_TARGET=str(installation.elsewhere))
    assert result.returncode == 1
    assert "HASH" in result.stderr
    assert last_line(result).startswith("btc_pipeline: pip could not install into .venv")
    assert re.search("settings of pip that count: cache-dir, .*find-links, no-index. Next: ", last_line(result))
    assert "target" not in result.stderr
    assert str(installation.index) not in last_line(result)


def test_a_damaged_pip_conf_is_named(installation, offline):
    result = installation.install(**offline, PIP_CONFIG_FILE=installation.config("no section\n"))
    assert result.returncode != 0
    assert "pip.conf" in result.stderr
    assert "pip cannot read its configuration" in last_line(result)
    assert "Traceback" not in result.stderr


def test_a_pip_that_installs_elsewhere_is_not_believed(installation, offline):
    """The stand-in answers as pip does: at first all went well, and then there is nothing."""
    (installation.packages / "pip").unlink()
    (installation.packages / "pip.py").write_text("import sys\nsys.exit('--no-index' in sys.argv)\n")
    result = installation.install(**offline)
    assert result.returncode == 1
    assert "pip has installed requirements.lock, but not into .venv. Next: " in last_line(result)


STAYS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
if "install" in sys.argv:
    print("at work", flush=True)
    time.sleep(60)
"""


def test_an_installation_can_be_interrupted(installation):
    (installation.packages / "pip").unlink()
    (installation.packages / "pip.py").write_text(STAYS)
    command = [installation.folder / ".venv/bin/python", "-I", ROOT / ".ci/pip_install.py", "-r", installation.lock]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "at work\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=PATIENCE)[1] == ""
    assert process.returncode == 130


# --- the whole of make install, with packages that are small


BUILD = """
def build_editable(folder, *_):
    write_wheel(Path(folder, "btc_pipeline-1.0-py3-none-any.whl"), "btc_pipeline", {"here.pth": str(Path.cwd())})
    return "btc_pipeline-1.0-py3-none-any.whl"
"""


@pytest.fixture
def project(tmp_path):
    """All that make install needs: our Makefile, a package of our name, and locks of one small package each."""
    folder = tmp_path / "project"
    for name in ("Makefile", ".ci/find-python", ".ci/pip_install.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    write_wheel(folder / NAME, "tiny", {"tiny.py": ""})
    write_wheel(folder / "matplotlib-1.0-py3-none-any.whl", "matplotlib", {"matplotlib/font_manager.py": ""})
    (folder / "requirements-pip.lock").write_text(f"tiny==1.0 --hash=sha256:{digest(folder / NAME)}\n")
    locked = f"matplotlib==1.0 --hash=sha256:{digest(folder / 'matplotlib-1.0-py3-none-any.whl')}\n"
    (folder / "requirements.lock").write_text(locked)
    (folder / "setup.cfg").touch()
    build = '[build-system]\nrequires = []\nbuild-backend = "build_small"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(build)
    write_build = inspect.getsource(write_wheel)
    (folder / "build_small.py").write_text(f"import zipfile\nfrom pathlib import Path\n\n\n{write_build}\n\n{BUILD}")
    (folder / "btc_pipeline/commands").mkdir(parents=True)
    (folder / "btc_pipeline/commands/prepare.py").touch()
    return folder


def make_install(folder: Path, **environment: str) -> None:
    """With the variables, and packages from the folder alone."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "."}
    asked = f"PYTHON={sys.executable}"
    result = subprocess.run(
        ["make", "install", asked], cwd=folder, env=kept | environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stderr.splitlines()) == 1


def imported_from(folder: Path) -> Path:
    code = "import btc_pipeline.commands.prepare as found; print(found.__file__)"
    command = [str(folder / ".venv/bin/python"), "-I", "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Path(printed.strip()).parents[2]


@pytest.mark.long
def test_a_copied_project_runs_its_own_code_after_make_install(project):
    make_install(project)
    copied = shutil.copytree(project, project.with_name("a copy"), symlinks=True)
    assert imported_from(copied) == project
    make_install(copied)
    assert imported_from(copied) == copied
    assert imported_from(project) == project


@pytest.mark.sweep
def test_make_install_is_whole_whatever_is_set_for_pip_and_python(project, tmp_path):
    set_for_others = {
        "PIP_TARGET": str(tmp_path / "nowhere"),
        "PIP_DRY_RUN": "1",
        "PIP_USER": "1",
        "PYTHONSAFEPATH": "1",
    }
    make_install(project, PYTHONHOME="/nowhere", PYTHONPATH=str(tmp_path), **set_for_others)
    assert imported_from(project) == project
    names = {path.name for path in project.glob(".venv/lib/*/site-packages/*")}
    assert {"tiny.py", "matplotlib", "here.pth"} <= names
