"""Supervisor of several equal processes: it starts them, replaces those that exit, and stops all together.

It forks, so the processes share the memory of modules loaded before, and a replacement starts at once. A process that
forks must not have threads, and the supervisor does nothing else that could fail. If the supervisor itself exits, its
processes notice the closed pipe and stop.
"""

import asyncio
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

from preview.core.errors import PreviewError, Unavailable
from preview.core.passing_faults import PassingFaults, as_passing

log = logging.getLogger(__name__)

STOP_TIMEOUT_SECONDS = 8.0
"""A process that has not ended this long after SIGTERM is killed."""

_SHUTDOWN_TIMEOUT_SECONDS = 7.0

SIGN_OF_LIFE_SECONDS = 1.0
"""How often a process that serves gives a sign of life."""

RESTART_BACKOFF = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds until an exited process is replaced; each early exit after another moves to the next entry."""

_READY = b"+"
_SIGN_OF_LIFE = b"."
_FAULT = b"!"
"""Precedes the sentence that says which passing fault keeps a process from starting."""

_STABLE_SECONDS = 10.0
_MAX_FAILED_STARTS = 5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class ChildContext(NamedTuple):
    """What a process gets from the supervisor.

    `number` counts from 1; `announce_ready` is to be called when the process serves, and from then on
    `give_sign_of_life` every `SIGN_OF_LIFE_SECONDS`, by the thread that must not hang; `parent_pipe` is a descriptor
    that becomes readable when the supervisor is gone, None without a supervisor. `is_first` is whether no process has
    served since the program was started: later ones must find a store, and must not make one.
    """

    number: int
    announce_ready: Callable[[], None]
    parent_pipe: int | None = None
    give_sign_of_life: Callable[[], None] = lambda: None
    is_first: bool = True


@dataclass
class _Process:
    number: int
    pid: int
    started_at: float
    ready_pipe: int
    """Becomes readable when the process is ready, at each sign of life, at a fault, and when it has exited."""
    is_ready: bool = False
    last_sign: float = 0.0
    """When it gave its last sign of life, on the monotonic clock."""
    has_exited: bool = False
    fault: str = ""
    """Why it cannot start, if that passes by itself or when an operator acts."""


class Supervisor:
    """Starts, replaces and stops processes.

    The first one starts alone: a configuration error is reported once, and only one process migrates the store.
    """

    def __init__(
        self,
        size: int,
        child_main: Callable[[ChildContext], None],
        on_ready: Callable[[], None],
        hang_timeout: float,
        backoff: Sequence[float] = RESTART_BACKOFF,
        stop_timeout: float = STOP_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare the supervisor; nothing is started.

        Args:
            size: Number of processes.
            child_main: Runs in each process and returns when it is to end.
            on_ready: Is called once, when the first process is ready.
            hang_timeout: Seconds without a sign of life after which a process that has given one is killed and
                replaced.
            backoff: Seconds until an exited process is replaced, after 0, 1, 2 ... early exits in a row.
            stop_timeout: Seconds between SIGTERM and SIGKILL when all are stopped.
        """
        self._size = size
        self._child_main = child_main
        self._on_ready = on_ready
        self._backoff = backoff
        self._stop_timeout = stop_timeout
        self._hang_timeout = hang_timeout
        self._last_check = time.monotonic()
        self._running: dict[int, _Process] = {}
        self._start_times = {1: 0.0}
        self._has_been_ready = False
        self._early_exits = self._failed_starts = 0
        self._faults = PassingFaults()
        self._parent_pipe = os.pipe()

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, or until no process can be started. Call it once, on the main thread.

        Returns:
            The exit code of the program.
        """
        gc.collect()
        gc.freeze()  # the collector would write to shared memory pages, and so copy them
        with _signal_pipe() as signals:
            while True:
                self._start_due()
                if {signal.SIGTERM, signal.SIGINT} & self._wait(signals, self._seconds_to_next_check()):
                    log.info("stopping %d processes", len(self._running))
                    self._stop_all(signals)
                    return 0
                self._kill_hanging()
                for process, status in self._reap():
                    code = self._handle_exit(process, status)
                    if code is not None:
                        self._stop_all(signals)
                        return code

    def _start_due(self) -> None:
        for number, start_time in list(self._start_times.items()):
            if start_time <= time.monotonic():
                del self._start_times[number]
                try:
                    self._start(number)
                except OSError as error:  # no memory or no descriptors
                    self._postpone(number, str(error.strerror))

    def _seconds_to_next_start(self) -> float | None:
        return max(0.0, min(self._start_times.values()) - time.monotonic()) if self._start_times else None

    def _seconds_to_next_check(self) -> float | None:
        seconds = self._seconds_to_next_start()
        if not any(process.last_sign for process in self._running.values()):
            return seconds
        return SIGN_OF_LIFE_SECONDS if seconds is None else min(seconds, SIGN_OF_LIFE_SECONDS)

    def _kill_hanging(self) -> None:
        """Kill the processes that have given no sign of life for too long; `_handle_exit` replaces them."""
        present = time.monotonic()
        was_paused = present - self._last_check > SIGN_OF_LIFE_SECONDS + self._hang_timeout / 2
        self._last_check = present
        for process in self._running.values():
            if was_paused and process.last_sign:
                process.last_sign = present  # the supervisor itself was stopped, with the processes perhaps
            elif process.last_sign and present - process.last_sign > self._hang_timeout:
                log.error("process %d (%d) gives no sign of life and is killed", process.number, process.pid)
                process.last_sign = 0.0
                os.kill(process.pid, signal.SIGKILL)

    def _start(self, number: int) -> None:
        read_end, write_end = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the installation of the child's own handlers would be lost.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
        except OSError:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(read_end)
            os.close(write_end)
            raise
        if pid == 0:
            os.close(read_end)
            self._run_child(number, write_end, blocked)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(write_end)
        self._running[number] = _Process(number, pid, time.monotonic(), read_end)

    def _run_child(self, number: int, ready_pipe: int, blocked: Iterable[int]) -> None:
        """Run `child_main` in the forked process; does not return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for signal_number in _SIGNALS:
                signal.signal(signal_number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(self._parent_pipe[1])  # while any process has the write end open, readers see no end of file
            os.set_blocking(ready_pipe, False)  # a supervisor that is stopped must not stop its processes
            context = ChildContext(
                number,
                lambda: _notify(ready_pipe, _READY),
                self._parent_pipe[0],
                lambda: _notify(ready_pipe, _SIGN_OF_LIFE),
                is_first=not self._has_been_ready,
            )
            self._child_main(context)
            code = 0
        except (PreviewError, OSError) as error:
            fault = as_passing(error)
            if fault is not None and self._has_been_ready:
                _notify(ready_pipe, _FAULT + fault.detail.encode())
            else:
                print(f"Error: {getattr(fault or error, 'detail', '')}", file=sys.stderr)  # noqa: T201
        except BaseException:  # the supervisor's own frames, below this one, must not continue in the child
            log.exception("process %d failed", number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self, signals: int, seconds: float | None) -> set[int]:
        """Wait for a signal, a sign of life, an exit, or the time limit. Return the signals received."""
        ready_pipes = {process.ready_pipe: process for process in self._running.values() if not process.has_exited}
        readable, _, _ = select.select([signals, *ready_pipes], [], [], seconds)
        for ready_pipe in ready_pipes.keys() & set(readable):
            process, received = ready_pipes[ready_pipe], os.read(ready_pipe, 4096)
            process.has_exited = not received
            if received.startswith(_FAULT):
                process.fault = received.removeprefix(_FAULT).decode()
                continue
            if received and not process.is_ready:
                self._mark_ready(process)
            if _SIGN_OF_LIFE in received:
                process.last_sign = time.monotonic()
        return set(os.read(signals, 4096)) if signals in readable else set()

    def _mark_ready(self, process: _Process) -> None:
        process.is_ready = True
        self._failed_starts = 0
        self._faults.step(_start_of(process.number)).succeeded()
        log.info("process %d (%d) is ready", process.number, process.pid)
        if not self._has_been_ready:
            self._has_been_ready = True
            self._on_ready()
            self._start_times |= dict.fromkeys(range(2, self._size + 1), 0.0)

    def _reap(self) -> list[tuple[_Process, int]]:
        exited: list[tuple[_Process, int]] = []
        for process in list(self._running.values()):
            pid, status = os.waitpid(process.pid, os.WNOHANG)
            if pid:
                del self._running[process.number]
                os.close(process.ready_pipe)
                exited.append((process, os.waitstatus_to_exitcode(status)))
        return exited

    def _handle_exit(self, process: _Process, code: int) -> int | None:
        """Schedule the replacement of an exited process.

        Returns:
            None, or an exit code if a replacement would be useless.
        """
        if process.fault and not process.is_ready:
            self._postpone(process.number, process.fault)
            return None
        cause = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        if process.fault:
            cause += f" ({process.fault})"
        if not process.is_ready:
            self._failed_starts += 1
        if not self._has_been_ready:
            log.error("process %d exited %s before it was ready", process.number, cause)
            return max(1, code)
        if self._failed_starts >= _MAX_FAILED_STARTS and not any(other.is_ready for other in self._running.values()):
            log.error(
                "process %d exited %s before it was ready, as did the %d before it: stopping",
                process.number,
                cause,
                self._failed_starts - 1,
            )
            return max(1, code)
        self._early_exits = (
            0
            if process.is_ready and time.monotonic() - process.started_at >= _STABLE_SECONDS
            else self._early_exits + 1
        )
        delay = self._restart_delay()
        log.error("process %d (%d) exited %s; it is replaced in %g s", process.number, process.pid, cause, delay)
        self._start_times[process.number] = time.monotonic() + delay
        return None

    def _postpone(self, number: int, cause: str) -> None:
        """Start a process later, as often as it takes: what keeps it from starting passes."""
        self._start_times[number] = time.monotonic() + self._faults.step(_start_of(number)).failed(Unavailable(cause))

    def _restart_delay(self) -> float:
        return self._backoff[min(self._early_exits, len(self._backoff)) - 1] if self._early_exits else 0.0

    def _stop_all(self, signals: int) -> None:
        for process in self._running.values():
            os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_timeout
        while self._running and (remaining := deadline - time.monotonic()) > 0:
            self._wait(signals, remaining)
            self._reap()
        for process in self._running.values():
            log.warning("process %d (%d) does not end; killing it", process.number, process.pid)
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)


async def give_signs_of_life(context: ChildContext) -> None:
    """Show the supervisor that the event loop turns, until cancelled."""
    while True:
        context.give_sign_of_life()
        await asyncio.sleep(SIGN_OF_LIFE_SECONDS)


def start_shutdown_watchdog() -> None:
    """Exit the process if it has not ended within `_SHUTDOWN_TIMEOUT_SECONDS`. As in a crash, nothing is lost."""

    def force_exit() -> None:
        log.warning(
            "exiting although these threads have not ended: %s",
            ", ".join(thread.name for thread in threading.enumerate()),
        )
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(_SHUTDOWN_TIMEOUT_SECONDS, force_exit)
    timer.daemon = True
    timer.start()


def _start_of(number: int) -> str:
    return f"the start of process {number}"


def _notify(ready_pipe: int, message: bytes) -> None:
    with suppress(BrokenPipeError, BlockingIOError):  # the supervisor is gone, which parent_pipe shows, or is stopped
        os.write(ready_pipe, message)


@contextmanager
def _signal_pipe() -> Generator[int]:
    """Yield a descriptor from which received signals can be read: one byte each, the signal's number."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    previous_handlers = {signal_number: signal.signal(signal_number, lambda *_: None) for signal_number in _SIGNALS}
    signal.set_wakeup_fd(write_end)
    try:
        yield read_end
    finally:
        signal.set_wakeup_fd(-1)
        for signal_number, handler in previous_handlers.items():
            signal.signal(signal_number, handler)
        os.close(read_end)
        os.close(write_end)
