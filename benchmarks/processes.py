"""Runs processes that are measured or that generate load: to their end, or until they are stopped."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.server_process import REPOSITORY, Server, running_server

PEERS_PYTHON = str(REPOSITORY / ".make" / "peers" / "bin" / "python")
"""Interpreter of the peers, which have an environment of their own (`make bench`)."""

_TICKS = os.sysconf("SC_CLK_TCK")
_END_TIMEOUT_SECONDS = 20
_IDLE_SECONDS, _IDLE_SHARE, _IDLE_TIMEOUT_SECONDS = 0.5, 0.1, 60


class Run(NamedTuple):
    """Time of a finished process and its children: seconds of wall clock and of processor time."""

    wall: float
    cpu: float
    output: str


def run(*arguments: str | Path) -> Run:
    """Run this Python interpreter with arguments and wait for its end.

    Raises:
        RuntimeError: The exit code is not 0.
    """
    started_at = time.perf_counter()
    process = _start(arguments, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started_at
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{arguments[:4]} ended with exit code {process.returncode}.")
    return Run(wall, usage.ru_utime + usage.ru_stime, output)


class Helper:
    """A helper process: a module that prints a line when it is ready and ends when its input is closed.

    Its input is also closed when this process ends.
    """

    def __init__(self, module: str, *arguments: str | Path, python: str = sys.executable) -> None:
        """Start the module by an interpreter: of the program's environment, or `PEERS_PYTHON`."""
        script = ["-m", module] if python == sys.executable else [f"{module.replace('.', '/')}.py"]
        self._process = _start([*script, *arguments], stdin=subprocess.PIPE, python=python)
        assert self._process.stdout is not None
        self._output = self._process.stdout
        self.ready_line = self._output.readline().strip()
        """The line that the process printed when it was ready."""
        if not self.ready_line:
            self.end()
            raise RuntimeError(f"{module} did not start.")

    def request(self, line: str) -> str:
        """Send a line to the process and return its answer, one line."""
        self.send(line)
        return self.read()

    def send(self, line: str) -> None:
        """Send a line to the process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def read(self) -> str:
        """Return the next line of the process."""
        return self._output.readline().strip()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def end(self) -> str:
        """End the process; the first call returns what it has printed since it was ready."""
        if self._output.closed:
            return ""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            rest = self._output.read()
            self._process.wait(_END_TIMEOUT_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._output.close()
        return rest


@contextmanager
def run_alongside(module: str, *arguments: str | Path, python: str = sys.executable) -> Generator[Helper]:
    """Run a helper process for the duration of a block."""
    helper = Helper(module, *arguments, python=python)
    try:
        yield helper
    finally:
        helper.end()


@contextmanager
def running_process(*arguments: str | Path) -> Generator[subprocess.Popen[str]]:
    """Run a process for the duration of a block; kill it if it has not ended by then."""
    process = _start(arguments, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_of_all(pid: int) -> float:
    """Return the processor time that the process and its running descendants have used so far, in seconds."""
    return sum(cpu_seconds(process_id) for process_id in (pid, *descendants(pid)))


@contextmanager
def loaded_server(data_dir: Path, *arguments: str) -> Generator[Server]:
    """Run the program's server for the duration of a block, which begins once all its processes have also loaded what
    their first page needs.

    That takes more than a second of the processor and tens of megabytes for each process. It is part of `start_times`,
    and would add to what a server is measured with otherwise.
    """
    with running_server(data_dir, *arguments) as server:
        _wait_until_idle(server.process.pid)
        yield server


def _wait_until_idle(pid: int) -> None:
    deadline = time.monotonic() + _IDLE_TIMEOUT_SECONDS
    before = cpu_of_all(pid)
    while time.monotonic() < deadline:
        time.sleep(_IDLE_SECONDS)
        after = cpu_of_all(pid)
        if after - before < _IDLE_SHARE * _IDLE_SECONDS:
            return
        before = after
    raise RuntimeError("The server did not become idle.")


def peak_bytes(pid: int) -> int:
    """Return the peak memory of the process in bytes; 0 if it has ended."""
    return _memory_bytes(pid, "VmHWM")


def resident_bytes(pid: int) -> int:
    """Return the present memory of the process in bytes; 0 if it has ended."""
    return _memory_bytes(pid, "VmRSS")


def _memory_bytes(pid: int, name: str) -> int:
    try:
        match = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(match[1]) * 1024 if match else 0


def children(pid: int) -> list[int]:
    """Return the ids of the running child processes of the process."""
    pids: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            pids.append(int(stat.parent.name))
    return pids


def descendants(pid: int) -> list[int]:
    """Return the ids of the running descendants of the process."""
    return [descendant for child in children(pid) for descendant in (child, *descendants(child))]


def _start(
    arguments: tuple[str | Path, ...] | list[str | Path], stdin: int, python: str = sys.executable
) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BUFDIR_PREVIEW_")}
    return subprocess.Popen(
        [python, *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
