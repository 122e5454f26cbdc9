"""Child processes: a job in, a result out; bounded in time, deaf to noise, gone with the run, told no secrets."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from btc_pipeline.system import prestarted
from btc_pipeline.system.child_process import Child, ChildError
from tests.support.patience import FOR_EVER, PATIENCE

ASLEEP = f"time.sleep({FOR_EVER})"
MODULE = """
import os, signal, subprocess, sys, time
from btc_pipeline.system import child_process

def prepare(preparation):
    print("prepared", flush=True)
    exec(preparation.get("run", ""))
    return preparation

def work(preparation, job):
    result = {}
    exec(job.get("run", ""), globals(), locals())
    return result

child_process.serve(prepare, work)
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A function that starts a child which does what its preparation and its job say."""
    (tmp_path / "a_child.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    started = []

    def start(preparation=None, module="a_child"):
        started.append(Child(module, tmp_path / "logs/child.log", preparation or {}))
        return started[-1]

    yield start
    for child in started:
        child.end()


def is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_until(is_true):
    give_up_at = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


# --- A job in, a result out


def test_a_job_gets_its_result(start):
    assert start().work({"run": "result.update(job)", "coins": ["bitcoin"]}, PATIENCE)["coins"] == ["bitcoin"]


def test_a_job_finds_what_was_prepared(start):
    assert start({"scratch": "/x"}).work({"run": "result.update(preparation)"}, PATIENCE) == {"scratch": "/x"}


def test_a_child_prepares_itself_before_it_knows_its_job(start):
    child = start()
    wait_until(lambda: child.log.read_text() == "prepared\n")


@pytest.mark.parametrize("text", ["", "\0\n\r\x1b\u2028", "\N{SNOWMAN}\U0001f4c8", "\udcff\ud800", "x" * 5_000_000],
                         ids=["empty", "control", "unicode", "surrogates", "5 MB"])  # fmt: skip
def test_any_text_comes_and_goes_as_it_is(text, start):
    assert start().work({"run": "result['text'] = job['text']", "text": text}, PATIENCE) == {"text": text}


def test_a_big_result_comes_whole(start):
    result = start().work({"run": "result['rows'] = [[n, n / 7] for n in range(1_000_000)]"}, PATIENCE)
    assert result["rows"][-1] == [999_999, 999_999 / 7]


NOISE = {
    "print": "print('noise')",
    "bytes": "sys.stdout.buffer.write(b'noise' * 100_000)",
    "descriptor 1": "os.write(1, b'noise')",
    "descriptor 2": "os.write(2, b'noise')",
    "another program": "subprocess.run(['echo', 'noise'])",
    "json": "print('{\"noise\": 666}')",
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_what_a_child_prints_goes_into_its_log_and_not_into_its_result(noise, start):
    child = start({"run": noise})
    assert child.work({"run": f"{noise}; result['rows'] = 1"}, PATIENCE) == {"rows": 1}
    assert child.log.read_text().count("noise") >= 2


def test_the_log_is_of_the_last_child(start):
    start({"run": "print('the first')"}).work({}, PATIENCE)
    child = start()
    child.work({}, PATIENCE)
    assert child.log.read_text() == "prepared\n"


def test_threads_that_a_job_leaves_behind_do_not_delay_its_result(start):
    start().work(
        {"run": f"import threading; threading.Thread(target=time.sleep, args=({FOR_EVER},)).start()"}, PATIENCE
    )


def test_a_program_that_a_job_leaves_behind_does_not_delay_its_result(start):
    result = start().work({"run": f"result['pid'] = subprocess.Popen(['sleep', '{FOR_EVER}']).pid"}, PATIENCE)
    assert is_running(result["pid"])
    os.kill(result["pid"], signal.SIGKILL)


def test_a_child_that_has_given_its_result_is_gone(start):
    pid = start().work({"run": "result['pid'] = os.getpid()"}, PATIENCE)["pid"]
    assert not is_running(pid)


# --- No result

ENDS = {
    "exception": ("raise ValueError('of the job')", "exit status 1, ValueError: of the job"),
    "out of memory": ("raise MemoryError", "exit status 1, MemoryError"),
    "exit with 0": ("sys.exit(0)", "exit status [01]"),
    "exit with 3 at once": ("os._exit(3)", "exit status 3"),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", "exit status -9"),
    "crashed": ("os.kill(os.getpid(), signal.SIGSEGV)", "exit status -11"),
}


@pytest.mark.parametrize("where", ["preparation", "job"])
@pytest.mark.parametrize(("code", "reason"), ENDS.values(), ids=ENDS)
def test_a_child_that_ends_without_a_result_is_an_error_with_its_status_and_log(code, reason, where, start):
    child = start({"run": code} if where == "preparation" else {})
    with pytest.raises(ChildError, match=f"^{reason}$") as ended:
        child.work({"run": code if where == "job" else ""}, PATIENCE)
    assert ended.value.log == child.log


ADVICE = {
    "a full disk": ("raise OSError(28, 'No space left on device')", "free space, or inodes"),
    "a full disk, said by another": ("raise ValueError('IO Error: No space left on device')", "free space, or inodes"),
    "a quota": ("raise OSError(122, 'Disk quota exceeded')", "free space, or inodes"),
    "too many files": ("raise OSError(24, 'Too many open files')", "ulimit -n"),
    "a broken disk": ("raise OSError(5, 'Input/output error')", "dmesg"),
    "no memory": ("raise MemoryError", "free memory"),
    "anything else": ("raise ValueError('of the job')", "read "),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", "free memory"),
}


@pytest.mark.parametrize(("code", "advice"), ADVICE.values(), ids=ADVICE)
def test_what_a_child_has_died_of_says_what_to_do(code, advice, start):
    with pytest.raises(ChildError) as ended:
        start().work({"run": code}, 20)
    assert advice in ended.value.advice


def test_a_traceback_is_found_in_the_log(start):
    child = start({"run": "raise ValueError('of the preparation')"})
    with pytest.raises(ChildError):
        child.work({}, PATIENCE)
    assert "ValueError: of the preparation" in child.log.read_text()


def test_a_job_for_a_child_that_is_long_dead_is_the_same_error(start):
    child = start({"run": "os._exit(3)"})
    wait_until(lambda: child._process.poll() is not None)
    with pytest.raises(ChildError, match="exit status 3"):
        child.work({"big": "x" * 1_000_000}, PATIENCE)


def test_a_result_that_is_no_json_is_no_result(start):
    child = start()
    with pytest.raises(ChildError, match="exit status 1"):
        child.work({"run": "result['a'] = object()"}, PATIENCE)


def test_a_module_that_is_not_there_is_an_error(start):
    child = start(module="no_such_module")
    with pytest.raises(ChildError, match="exit status 1"):
        child.work({}, PATIENCE)
    assert "No module named no_such_module" in child.log.read_text()


# --- Time


@pytest.mark.parametrize("where", ["preparation", "job"])
@pytest.mark.parametrize("code", [ASLEEP, "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass"],
                         ids=["sleeps", "turns"])  # fmt: skip
def test_a_child_that_takes_too_long_is_killed_in_time(code, where, start):
    child = start({"run": code} if where == "preparation" else {})
    with pytest.raises(ChildError, match=r"not done after 0\.3 s"):
        child.work({"run": code if where == "job" else ""}, 0.3)
    assert not is_running(child._process.pid)


def test_a_big_job_for_a_child_that_does_not_listen_ends_in_time(start, tmp_path):
    (tmp_path / "a_deaf_child.py").write_text(f"import time; {ASLEEP}")
    child = start(module="a_deaf_child")
    with pytest.raises(ChildError, match="not done after"):
        child.work({"big": "x" * 1_000_000}, 0.3)


def test_time_is_counted_from_the_job_and_not_from_the_preparation(start):
    child = start({"run": "time.sleep(0.5)"})
    wait_until(lambda: "prepared" in child.log.read_text())
    time.sleep(0.4)
    assert child.work({"run": "result['done'] = True"}, 0.4 + 2) == {"done": True}


# --- Its end


def test_a_child_that_is_never_given_a_job_can_be_ended_and_ended_again(start):
    child = start({"run": ASLEEP})
    child.end()
    child.end()
    assert not is_running(child._process.pid)


PARENT = """
import signal, sys, threading
from pathlib import Path
from btc_pipeline.system.child_process import Child
sys.path.append(str(Path(sys.argv[1]).parent))
child = Child("a_child", Path(sys.argv[1]), {"run": sys.argv[2]})
print(child._process.pid, flush=True)
child.work({"run": sys.argv[3]}, 86_400) if sys.argv[3] else threading.Event().wait()
"""


@pytest.mark.parametrize(("preparation", "job"), [("", ""), (ASLEEP, ""), ("", ASLEEP)],
                         ids=["waits for its job", "prepares itself", "works"])  # fmt: skip
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: end.name)
def test_a_child_ends_when_its_parent_is_killed(end, preparation, job, start, tmp_path):
    environment = os.environ | {"BTC_PIPELINE_CHILD": "1"}
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), preparation, job]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        wait_until(lambda: (tmp_path / "log").read_text() == "prepared\n")
        assert is_running(pid)
        parent.send_signal(end)
    wait_until(lambda: not is_running(pid))


# --- Started ahead


@pytest.fixture
def take(start, tmp_path):
    """A function that takes the child that was started ahead, or a new one, and gives what it was prepared for."""
    taken = []

    def take(workspace):
        taken.append(prestarted.take("a_child", tmp_path / workspace / "log", {"workspace": workspace}))
        return taken[-1].work({"run": "result.update(preparation, pid=os.getpid())"}, PATIENCE)

    yield take
    for child in taken:
        child.end()


def test_a_child_that_was_started_ahead_is_taken_once(take, tmp_path):
    prestarted.start("a_child", tmp_path / "live/log", {"workspace": "live"})
    prestarted.start("a_child", tmp_path / "live/log", {"workspace": "live"})
    assert take("live")["pid"] != take("live")["pid"]


def test_a_child_that_was_started_ahead_for_one_world_never_works_for_another(take, tmp_path):
    prestarted.start("a_child", tmp_path / "live/log", {"workspace": "live"})
    assert [take(workspace)["workspace"] for workspace in ("sample", "live")] == ["sample", "live"]


# --- What it is told

FOREIGN = {
    "COINGECKO_API_KEY": "CG-secret",
    "DBT_TARGET": "prod",
    "DBT_PROFILES_DIR": "/elsewhere",
    "AIRBYTE_CLOUD_CLIENT_SECRET": "secret",
    "AIRBYTE_TEMP_DIR": "/elsewhere",
    "LUIGI_CONFIG_PATH": "/elsewhere/luigi.cfg",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "/elsewhere/matplotlibrc",
    "PYTHONPATH": "/elsewhere",
    "PYTHONSTARTUP": "/elsewhere/startup.py",
    "PYTHONWARNINGS": "error",
    "PYTHONINSPECT": "1",
    "PYTHONIOENCODING": "latin-1",
    "DEPLOYMENT_MODE": "cloud",
    "SOURCE_DATE_EPOCH": "x",
    "LD_PRELOAD": "",
}


@pytest.fixture
def given(start, monkeypatch):
    """A function that gives the environment of a child whose parent has these variables."""

    def given(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return start().work({"run": "result.update(os.environ)"}, PATIENCE)

    return given


def test_a_child_is_not_given_keys_nor_what_could_change_its_result(given):
    environment = given(FOREIGN)
    assert set(FOREIGN) & set(environment) == set()


HANDED_ON = {
    "HTTPS_PROXY": "http://proxy.example:3128",
    "https_proxy": "http://proxy.example:3128",
    "NO_PROXY": "localhost",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/ours.pem",
    "SSL_CERT_FILE": "/etc/ssl/ours.pem",
    "LC_ALL": "C.UTF-8",
    "TZ": "Asia/Kolkata",
    "TMPDIR": "/tmp",
    "MPLCONFIGDIR": "/var/cache/ours",
    "OMP_NUM_THREADS": "1",
}


def test_a_child_is_given_what_it_needs_to_reach_the_network_and_to_find_its_folders(given):
    environment = given(HANDED_ON)
    assert {name: environment.get(name) for name in HANDED_ON} == HANDED_ON
    assert environment["PATH"] == os.environ["PATH"]


MODULES = ("calendar", "queue", "email", "random", "ssl", "statistics", "yaml", "requests", "duckdb", "btc_pipeline")
"""Six of the standard library, three of packages, and ours."""


WRITTEN = {"as it is": "{}", "with a slash": "{}/", "by way of another folder": "{}/../foreign", "relative": "foreign"}
"""How PYTHONPATH may name a folder; Python's import path has each of them in the same way."""


@pytest.mark.parametrize("where", ["the current folder", *WRITTEN])
def test_a_child_imports_no_module_of_somebody_elses(where, start, tmp_path, monkeypatch):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for name in (*MODULES, "sitecustomize", "usercustomize"):
        (foreign / f"{name}.py").write_text("raise RuntimeError('a foreign module')")
    if where in WRITTEN:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", WRITTEN[where].format(foreign)]))
        monkeypatch.syspath_prepend(foreign)
    else:
        monkeypatch.chdir(foreign)
        monkeypatch.syspath_prepend(foreign)  # as `python -m` does
    imported = f"import importlib\nfor name in {MODULES!r}: result[name] = importlib.import_module(name).__file__"
    child = start()
    files = child.work({"run": imported}, PATIENCE)
    assert sorted(files) == sorted(MODULES)
    assert not [file for file in files.values() if file.startswith(str(foreign))]
    assert "foreign" not in child.log.read_text()


def test_a_folder_of_the_parent_that_is_the_current_one_by_chance_stays(start, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "packages")])
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "a_package.py").touch()
    monkeypatch.chdir(tmp_path / "packages")
    assert start().work({"run": "import a_package; result['name'] = a_package.__name__"}, PATIENCE) == {
        "name": "a_package"
    }


def test_a_child_works_in_a_current_folder_that_was_removed(start, tmp_path, monkeypatch):
    (tmp_path / "removed").mkdir()
    monkeypatch.chdir(tmp_path / "removed")
    (tmp_path / "removed").rmdir()
    assert start().work({"run": "import calendar; result['rows'] = 1"}, PATIENCE) == {"rows": 1}


def test_what_a_child_prints_before_it_serves_goes_into_its_log(start, tmp_path):
    (tmp_path / "noisy.py").write_text("print('{}', flush=True)\n" + MODULE)
    child = start(module="noisy")
    assert child.work({"run": "result['rows'] = 1"}, PATIENCE) == {"rows": 1}
    assert child.log.read_text().startswith("{}")


def test_a_child_reports_to_nobody(given):
    assert given({})["DO_NOT_TRACK"] == "1"


def test_a_child_imports_no_task(start):
    assert not start().work({"run": "result['luigi'] = 'luigi' in sys.modules"}, PATIENCE)["luigi"]


def test_a_job_is_seen_neither_in_the_process_list_nor_in_the_environment_nor_in_the_log(start):
    child = start({"key": "CG-secret-1"})
    seen = child.work(
        {
            "key": "CG-secret-2",
            "run": "result['seen'] = ascii([open(f'/proc/self/{n}').read() for n in ('cmdline', 'environ')])",
        },
        PATIENCE,
    )["seen"]
    assert "CG-secret" not in seen + child.log.read_text()
