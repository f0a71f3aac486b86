"""Several processes that do the same side by side, under one that starts them, replaces who dies, and ends them together.

It forks, so that they share the memory of what was loaded before and a new one is there at once; it must therefore have no thread of
its own, and it does nothing else, so that there is little that it could die of. Where it is gone all the same, they end too.
"""

import gc
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

from preview.core.errors import PreviewError

log = logging.getLogger(__name__)

STOP_SECONDS = 8.0
"""Who has not ended so long after it was asked to is killed."""

_GIVE_UP_SECONDS = 7.0

PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds until a dead process is replaced; the next one where the one before died early, too."""

_STEADY_SECONDS = 10.0
_ATTEMPTS = 5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Post(NamedTuple):
    """What a process is given: its number, from 1; what it calls when it serves; a descriptor that can be read when the supervisor is gone."""

    number: int
    serving: Callable[[], None]
    lifeline: int | None = None


@dataclass
class _Process:
    number: int
    pid: int
    began: float
    word: int
    """Can be read when it serves, and when it is dead."""
    serves: bool = False


class Supervisor:
    """`run` it once, on the main thread. `work` is what each process does, and `serving` is called when the first of them serves.

    The first one starts alone: what is wrong is told once, and a store is brought up to date by one.
    """

    def __init__(
        self,
        size: int,
        work: Callable[[Post], None],
        serving: Callable[[], None],
        pauses: Sequence[float] = PAUSES,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._size = size
        self._work = work
        self._serving = serving
        self._pauses = pauses
        self._stop_seconds = stop_seconds
        self._running: dict[int, _Process] = {}
        self._due = {1: 0.0}
        self._has_served = False
        self._early = self._failed = 0
        self._lifeline = os.pipe()

    def run(self) -> int:
        """Until SIGTERM or SIGINT, or until none can be started; returns the exit code."""
        gc.collect()
        gc.freeze()  # so that the collector does not write to, and so copy, what they share
        with _noted() as signals:
            while True:
                self._start_due()
                if {signal.SIGTERM, signal.SIGINT} & self._wait(signals, self._next_due()):
                    log.info("stopping %d processes", len(self._running))
                    self._end(signals)
                    return 0
                for process, status in self._dead():
                    code = self._bury(process, status)
                    if code is not None:
                        self._end(signals)
                        return code

    def _start_due(self) -> None:
        for number, at in list(self._due.items()):
            if at <= time.monotonic():
                del self._due[number]
                self._start(number)

    def _next_due(self) -> float | None:
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _start(self, number: int) -> None:
        ours, theirs = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the child's own handlers would be lost.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            self._be(number, theirs, blocked)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(theirs)
        self._running[number] = _Process(number, pid, time.monotonic(), ours)

    def _be(self, number: int, word: int, blocked: Iterable[int]) -> None:
        """The process itself; does not return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(self._lifeline[1])  # where it is kept open, it does not end
            self._work(Post(number, lambda: _say(word), self._lifeline[0]))
            code = 0
        except PreviewError as error:
            print(f"Error: {error.detail}", file=sys.stderr)  # noqa: T201
        except BaseException:  # nothing may get back into the supervisor's own frames
            log.exception("process %d has died", number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self, signals: int, seconds: float | None) -> set[int]:
        """Until there is something to do; the signals that have come."""
        words = {process.word: process for process in self._running.values() if not process.serves}
        readable, _, _ = select.select([signals, *words], [], [], seconds)
        for word in words.keys() & set(readable):
            if os.read(word, 1):
                self._note_serving(words[word])
        return set(os.read(signals, 4096)) if signals in readable else set()

    def _note_serving(self, process: _Process) -> None:
        process.serves = True
        self._failed = 0
        log.info("process %d (%d) serves", process.number, process.pid)
        if not self._has_served:
            self._has_served = True
            self._serving()
            self._due |= dict.fromkeys(range(2, self._size + 1), 0.0)

    def _dead(self) -> list[tuple[_Process, int]]:
        found: list[tuple[_Process, int]] = []
        for process in list(self._running.values()):
            pid, status = os.waitpid(process.pid, os.WNOHANG)
            if pid:
                del self._running[process.number]
                os.close(process.word)
                found.append((process, os.waitstatus_to_exitcode(status)))
        return found

    def _bury(self, process: _Process, code: int) -> int | None:
        """Sees to its replacement; the exit code where there is no use in one."""
        how = f"of signal {-code}" if code < 0 else f"with exit code {code}"
        if not process.serves:
            self._failed += 1
        if not self._has_served:
            log.error("process %d died %s before it served", process.number, how)
            return max(1, code)
        if self._failed >= _ATTEMPTS and not any(other.serves for other in self._running.values()):
            log.error("process %d died %s before it served, as did the %d before it: giving up", process.number, how, self._failed - 1)
            return max(1, code)
        self._early = 0 if process.serves and time.monotonic() - process.began >= _STEADY_SECONDS else self._early + 1
        pause = self._pause()
        log.error("process %d (%d) died %s; another takes its place in %g s", process.number, process.pid, how, pause)
        self._due[process.number] = time.monotonic() + pause
        return None

    def _pause(self) -> float:
        return self._pauses[min(self._early, len(self._pauses)) - 1] if self._early else 0.0

    def _end(self, signals: int) -> None:
        for process in self._running.values():
            os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        while self._running and (left := deadline - time.monotonic()) > 0:
            self._wait(signals, left)
            self._dead()
        for process in self._running.values():
            log.warning("process %d (%d) does not end and is killed", process.number, process.pid)
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)


def end_in_time() -> None:
    """Called by a process that ends: what of it has not ended soon is given up, as in a crash, of which nothing is lost."""

    def end() -> None:
        log.warning("given up, as they do not end: %s", ", ".join(thread.name for thread in threading.enumerate()))
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(_GIVE_UP_SECONDS, end)
    timer.daemon = True
    timer.start()


def _say(word: int) -> None:
    with suppress(BrokenPipeError):  # the supervisor is gone, and the lifeline tells
        os.write(word, b"+")


@contextmanager
def _noted() -> Generator[int]:
    """A descriptor that can be read when a signal has come: its number, a byte each."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before = {each: signal.signal(each, lambda *_: None) for each in _SIGNALS}
    signal.set_wakeup_fd(theirs)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(-1)
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(ours)
        os.close(theirs)
