"""Processes side by side: started one after the other, replaced when they die, given up where there is no use, and ended together."""

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

from tests.support.pipeline import until
from tests.support.server_process import REPOSITORY
from tests.support.supervised_process import DIES_WITH, FALLS_WITH

SECONDS = 20.0


class Supervised:
    """`supervised.py` at work. `told` gives what it prints, line by line; `log` is what it has logged."""

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

    def told(self) -> str:
        return self._lines.get(timeout=SECONDS)

    def started(self) -> tuple[int, int]:
        """The number and process id of the next one that starts."""
        number, pid = self.told().split()
        return int(number), int(pid)

    def both(self) -> dict[int, int]:
        """Process ids by number, once both serve."""
        first = self.started()
        assert self.told() == "serving"
        second = self.started()
        until(lambda: self.log.count("serves") == 2, "both to serve")
        return dict((first, second))

    def ends(self) -> int:
        return self.process.wait(SECONDS)

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
    for number, mode in enumerate(modes, 1):
        (folder / str(number)).write_text(mode)


@pytest.fixture
def supervise(folder: Path) -> Generator[Callable[[], Supervised]]:
    """Starts one as the modes are by then."""
    made: list[Supervised] = []

    def start() -> Supervised:
        made.append(Supervised(folder))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture
def supervised(supervise: Callable[[], Supervised]) -> Supervised:
    """One whose processes serve."""
    return supervise()


def gone(pid: int) -> bool:
    """No such process, or one that waits for its parent to look."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z"
    except FileNotFoundError:
        return True


def test_the_first_serves_before_the_others_start_and_all_end_when_told(supervised: Supervised) -> None:
    pids = supervised.both()
    assert sorted(pids) == [1, 2]
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.ends() == 0
    assert all(map(gone, pids.values()))
    assert "killed" not in supervised.log


def test_one_that_dies_is_replaced_and_the_other_goes_on(supervised: Supervised) -> None:
    pids = supervised.both()
    os.kill(pids[2], signal.SIGKILL)
    number, pid = supervised.started()
    assert (number, pid == pids[2], gone(pids[1])) == (2, False, False)
    assert f"process 2 ({pids[2]}) died of signal 9; another takes its place in 0 s" in supervised.log
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.ends() == 0
    assert all(map(gone, (pid, *pids.values())))


def test_where_the_first_cannot_start_it_ends_with_its_exit_code(supervise: Callable[[], Supervised], folder: Path) -> None:
    set_mode(folder, "dies")
    supervised = supervise()
    supervised.started()
    assert supervised.ends() == DIES_WITH
    assert f"process 1 died with exit code {DIES_WITH} before it served" in supervised.log
    assert len(supervised.log.splitlines()) == 1


def test_one_that_dies_again_and_again_is_waited_for_longer_while_the_other_serves(
    supervise: Callable[[], Supervised], folder: Path
) -> None:
    set_mode(folder, "", "falls")
    supervised = supervise()
    until(lambda: supervised.log.count("died") >= 5, "its deaths")
    pauses = [line.split(" takes its place in ")[1].split('"')[0] for line in supervised.log.splitlines() if "died" in line]
    assert pauses[:5] == ["0 s", "0.05 s", "0.1 s", "0.1 s", "0.1 s"]
    assert f"died with exit code {FALLS_WITH}" in supervised.log
    set_mode(folder, "", "dies")
    until(lambda: f"exit code {DIES_WITH}" in supervised.log, "it not to start")
    assert supervised.process.poll() is None, "the other one serves"
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.ends() == 0


def test_where_none_serves_and_none_can_start_it_gives_up(supervised: Supervised, folder: Path) -> None:
    pids = supervised.both()
    set_mode(folder, "dies", "dies")
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    assert supervised.ends() == DIES_WITH
    assert supervised.log.splitlines()[-1].count("as did the 4 before it: giving up") == 1


def test_one_that_does_not_end_is_killed(supervise: Callable[[], Supervised], folder: Path) -> None:
    set_mode(folder, "", "stubborn")
    supervised = supervise()
    pids = supervised.both()
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.ends() == 0
    assert all(map(gone, pids.values()))
    assert f"process 2 ({pids[2]}) does not end and is killed" in supervised.log


def test_without_a_supervisor_they_end(supervised: Supervised) -> None:
    pids = supervised.both()
    supervised.process.kill()
    until(lambda: all(map(gone, pids.values())), "them to end")
