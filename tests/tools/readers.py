"""Tools of others that read the published database, each real and in a process of its own, kept alive between readings.

A reading is what the tool has printed, errors included. Knows how a tool is driven and nothing of the pipeline.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from tests.support.patience import PATIENCE

PROGRAMS = Path(sys.executable).parent
END = "end of reading"

AGAIN = f"""
import sys, traceback
namespace = {{}}
for _ in sys.stdin:
    try:
        exec(sys.argv[1], namespace)
    except Exception:
        traceback.print_exc(file=sys.stdout)
    print({END!r}, flush=True)
"""

SERVE_UI = """
import sys
from pathlib import Path
import duckdb, duckdb_extension_ui
attach, port = sys.argv[1:]
(extension,) = Path(duckdb_extension_ui.__file__).parent.rglob("ui.duckdb_extension")
connection = duckdb.connect()
connection.execute(attach)
connection.execute(f"load '{extension}'")
connection.execute(f"set ui_local_port = {port}")
connection.execute("call start_ui_server()")
print("ready", flush=True)
sys.stdin.read()
"""


class Reader(Protocol):
    """A tool that reads."""

    def read(self) -> str:
        """Read once more, and return what the tool shows."""


@dataclass(frozen=True)
class Command:
    """A line for the shell, each time in new processes."""

    code: str
    folder: Path

    def read(self) -> str:
        done = subprocess.run(
            ["sh", "-euc", self.code],
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout if done.returncode == 0 else f"exit code {done.returncode}: {done.stdout}"


@dataclass(frozen=True)
class Session:
    """A process that stays alive, and reads each time a line is written to it, up to the line `END`."""

    stdin: IO[str]
    stdout: IO[str]
    line: str = ""

    def read(self) -> str:
        return self.tell(self.line)

    def tell(self, line: str) -> str:
        """Write a line, and return what is answered."""
        self.stdin.write(line + "\n")
        self.stdin.flush()
        return "".join(iter(self._answer, END + "\n"))

    def _answer(self) -> str:
        answer = self.stdout.readline()
        assert answer, "the process has ended"
        return answer


@dataclass(frozen=True)
class Exported:
    """A line for the shell that writes a file, and a process that stays alive and reads it.

    Alive, because pandas' Parquet reader, pyarrow, now and then aborts a Python that ends (apache/arrow#34314).
    """

    export: Command
    file: Session

    def read(self) -> str:
        return self.export.read() + self.file.read()


@dataclass(frozen=True)
class Kernel:
    """A notebook that stays open with its kernel, all of whose cells are run for each reading."""

    client: Any

    def read(self) -> str:
        from nbclient.exceptions import CellExecutionError

        try:
            for index, cell in enumerate(self.client.nb.cells):
                self.client.execute_cell(cell, index)
        except CellExecutionError as error:
            return str(error)
        outputs = [output for cell in self.client.nb.cells for output in cell.get("outputs", [])]
        return "\n".join(_shown(output) for output in outputs)


@dataclass(frozen=True)
class Ui:
    """The server of DuckDB's UI, asked as its page asks it."""

    port: int
    query: str

    def read(self) -> str:
        return self.run(self.query)

    def run(self, statement: str) -> str:
        """Run a statement. The answer is DuckDB's own encoding; texts in it can be read."""
        address = f"http://localhost:{self.port}"
        asked = urllib.request.Request(f"{address}/ddb/run", statement.encode(), {"Origin": address})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return str(answer.read().decode("utf-8", "replace"))


def environment(**more: str) -> dict[str, str]:
    """That of a terminal in which the project's .venv is active."""
    return {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", **more}


@contextmanager
def python(code: str, folder: Path) -> Iterator[Session]:
    """A Python in which the code is run again for each reading. A warning is an error."""
    with _process([sys.executable, "-W", "error", "-c", AGAIN, code], folder) as (stdin, stdout):
        yield Session(stdin, stdout)


@contextmanager
def shell(database: str, query: str, folder: Path) -> Iterator[Session]:
    """DuckDB's shell, left open."""
    command = [str(PROGRAMS / "duckdb"), "-readonly", "-csv", "-noheader", database]
    with _process(command, folder) as (stdin, stdout):
        yield Session(stdin, stdout, f"{query};\nselect '{END}';")


@contextmanager
def notebook(path: Path) -> Iterator[Kernel]:
    """A notebook, opened in its own folder, with a real kernel."""
    import nbclient
    import nbformat

    read = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    client = nbclient.NotebookClient(read, timeout=PATIENCE, resources={"metadata": {"path": str(path.parent)}})
    with client.setup_kernel():
        yield Kernel(client)


@contextmanager
def ui(attach: str, query: str, folder: Path) -> Iterator[Ui]:
    """DuckDB's UI, without its page, which is on the network."""
    (folder / ".duckdb").mkdir()  # the extension makes its own folder in it
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "error", "-c", SERVE_UI, attach, str(port)]
    with _process(command, folder, HOME=str(folder)) as (_, stdout):
        said = stdout.readline()
        assert said == "ready\n", said + stdout.read()
        yield Ui(port, query)


@contextmanager
def _process(command: list[str], folder: Path, **more: str) -> Iterator[tuple[IO[str], IO[str]]]:
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdin, process.stdout
        finally:
            process.kill()


def _shown(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    return str(output.data["text/plain"]) + "".join(f" [{kind}]" for kind in sorted(output.data) if "image" in kind)
