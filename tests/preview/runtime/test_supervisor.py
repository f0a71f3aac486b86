"""The supervisor: starts processes one after the other, replaces and stops them, and ends if none can be started."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.support.pipeline import wait_until
from tests.support.server_process import REPOSITORY
from tests.support.supervised_process import EXIT_CODE_AFTER_READY, EXIT_CODE_BEFORE_READY

TIMEOUT_SECONDS = 20.0


class SupervisorProcess:
    """A supervisor in a process of its own (tests.support.supervised_process); `log` is the text of its log."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.supervised_process", str(folder)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def next_line(self) -> str:
        return self._lines.get(timeout=TIMEOUT_SECONDS)

    def next_started(self) -> tuple[int, int]:
        """Return number and process id of the next process that starts."""
        number, pid = self.next_line().split()
        return int(number), int(pid)

    def wait_for_both(self) -> dict[int, int]:
        """Wait until both processes are ready, and return their process ids by number."""
        first = self.next_started()
        assert self.next_line() == "serving"
        second = self.next_started()
        wait_until(lambda: self.log.count("is ready") == 2, "both to be ready")
        return dict((first, second))

    def wait_for_exit(self) -> int:
        return self.process.wait(TIMEOUT_SECONDS)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    set_mode(tmp_path, "", "")
    return tmp_path


def set_mode(folder: Path, *modes: str) -> None:
    """Set the mode of each process. A process that starts meanwhile reads the whole mode, the old one or the new."""
    for number, mode in enumerate(modes, 1):
        written = folder / f"{number}.new"
        written.write_text(mode)
        written.rename(folder / str(number))


@pytest.fixture
def supervise(folder: Path) -> Generator[Callable[[], SupervisorProcess]]:
    """Return a function that starts a supervisor; it reads the modes as they are then."""
    started: list[SupervisorProcess] = []

    def start() -> SupervisorProcess:
        started.append(SupervisorProcess(folder))
        return started[-1]

    yield start
    for supervisor in started:
        supervisor.close()


@pytest.fixture
def supervised(supervise: Callable[[], SupervisorProcess]) -> SupervisorProcess:
    """Start a supervisor whose processes become ready."""
    return supervise()


def is_gone(pid: int) -> bool:
    """Return whether the process has ended; its parent may not have reaped it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z"
    except FileNotFoundError:
        return True


def test_first_process_starts_alone_and_all_stop_on_sigterm(supervised: SupervisorProcess) -> None:
    pids = supervised.wait_for_both()
    assert sorted(pids) == [1, 2]
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.wait_for_exit() == 0
    assert all(map(is_gone, pids.values()))
    assert "killing" not in supervised.log


def test_dead_process_is_replaced_while_other_runs(supervised: SupervisorProcess) -> None:
    pids = supervised.wait_for_both()
    os.kill(pids[2], signal.SIGKILL)
    number, pid = supervised.next_started()
    assert (number, pid == pids[2], is_gone(pids[1])) == (2, False, False)
    assert f"process 2 ({pids[2]}) exited by signal 9; it is replaced in 0 s" in supervised.log
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.wait_for_exit() == 0
    assert all(map(is_gone, (pid, *pids.values())))


def test_failed_first_start_ends_with_its_exit_code(supervise: Callable[[], SupervisorProcess], folder: Path) -> None:
    set_mode(folder, "fails")
    supervised = supervise()
    supervised.next_started()
    assert supervised.wait_for_exit() == EXIT_CODE_BEFORE_READY
    assert f"process 1 exited with exit code {EXIT_CODE_BEFORE_READY} before it was ready" in supervised.log
    assert len(supervised.log.splitlines()) == 1


def test_crashing_process_is_restarted_with_backoff(supervise: Callable[[], SupervisorProcess], folder: Path) -> None:
    set_mode(folder, "", "crashes")
    supervised = supervise()
    wait_until(lambda: supervised.log.count("exited") >= 5, "five exits")
    pauses = [
        line.split(" is replaced in ")[1].split('"')[0] for line in supervised.log.splitlines() if "exited" in line
    ]
    assert pauses[:5] == ["0 s", "0.05 s", "0.1 s", "0.1 s", "0.1 s"]
    assert f"exited with exit code {EXIT_CODE_AFTER_READY}" in supervised.log
    set_mode(folder, "", "fails")
    wait_until(lambda: f"exit code {EXIT_CODE_BEFORE_READY}" in supervised.log, "the failed start")
    assert supervised.process.poll() is None, "the first process still runs"
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.wait_for_exit() == 0


def test_supervisor_ends_if_no_process_can_start(supervised: SupervisorProcess, folder: Path) -> None:
    pids = supervised.wait_for_both()
    set_mode(folder, "fails", "fails")
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    assert supervised.wait_for_exit() == EXIT_CODE_BEFORE_READY
    assert supervised.log.splitlines()[-1].count("as did the 4 before it: stopping") == 1


def test_unresponsive_process_is_killed(supervise: Callable[[], SupervisorProcess], folder: Path) -> None:
    set_mode(folder, "", "stubborn")
    supervised = supervise()
    pids = supervised.wait_for_both()
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.wait_for_exit() == 0
    assert all(map(is_gone, pids.values()))
    assert f"process 2 ({pids[2]}) does not end; killing it" in supervised.log


def test_processes_end_without_their_supervisor(supervised: SupervisorProcess) -> None:
    pids = supervised.wait_for_both()
    supervised.process.kill()
    wait_until(lambda: all(map(is_gone, pids.values())), "both processes to end")


def test_hanging_process_is_killed_and_replaced(folder: Path, supervise: Callable[[], SupervisorProcess]) -> None:
    (folder / "2").write_text("hangs")
    supervisor = supervise()
    pids = supervisor.wait_for_both()
    number, replacement = supervisor.next_started()
    assert number == 2
    assert replacement != pids[2]
    assert f"process 2 ({pids[2]}) gives no sign of life and is killed" in supervisor.log
    assert supervisor.process.poll() is None


def test_replacement_waits_for_a_full_disk_as_long_as_it_takes(
    folder: Path, supervise: Callable[[], SupervisorProcess]
) -> None:
    set_mode(folder, "", "full")
    supervisor = supervise()
    supervisor.next_started()
    assert supervisor.next_line() == "serving"
    assert [supervisor.next_started()[0] for _ in range(4)] == [2, 2, 2, 2]
    set_mode(folder, "", "")
    wait_until(lambda: supervisor.log.count("is ready") == 2, "the replacement")
    assert supervisor.log.count("the start of process 2 fails and is tried again: The disk is full.") == 1
    assert supervisor.log.count("the start of process 2 works again") == 1
    assert "Traceback" not in supervisor.log


def test_first_process_that_meets_a_full_disk_ends_the_program(
    folder: Path, supervise: Callable[[], SupervisorProcess]
) -> None:
    set_mode(folder, "full", "")
    supervisor = supervise()
    assert supervisor.wait_for_exit() == 1
    assert supervisor.log.splitlines()[0] == "Error: The disk is full."
