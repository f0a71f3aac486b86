"""Reads deliveries in another process, which is started once and stays warm (`design.md`, A delivery).

A process of its own keeps the server's memory, lock and crash apart from what strangers send. It is a plain subprocess, not one
of `multiprocessing`, which would import the server's main module, with all of Panel, into it.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import preview
from preview.core.errors import NotFound, ReaderDied
from preview.model.limits import Limits
from preview.parsing.delivery import Batch
from preview.parsing.worker_process import Ask, Start, decode_answer, encode

_ROOT = Path(preview.__file__).parents[1]  # where the child finds the package, whatever the working directory

_END_SECONDS = 0.3

# As many blocks of a size as a folder takes are kept at hand when it is freed: a tenth of the time of reading (glibc; others heed it not).
_MALLOC = "glibc.malloc.tcache_count=500"


class ReaderProcess:
    """Reads one delivery at a time; a second caller waits for the first. Use it from any thread, never on the event loop."""

    def __init__(self, key: bytes, limits: Limits, fields: frozenset[str] | None = None) -> None:
        self._start = Start(key, limits, None if fields is None else sorted(fields))
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._has_read = False

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        process = self._process
        return None if process is None else process.pid

    def warm(self) -> None:
        """Starts the process ahead of the first delivery; does not wait for it."""
        with self._turn:
            self._connected()

    def read(self, path: Path, now: datetime) -> Iterator[Batch]:
        """The batches of `delivery.read`, as they are read: a slow taker holds the reader up.

        Raises `NotFound` where there is nothing at `path`, `ReaderDied` where the process ended or failed; the next call has a new one.
        An iteration that is given up ends the process too.
        """
        with self._turn:
            answered = False
            try:
                connection = self._connected()
                connection.send_bytes(encode(Ask(str(path.absolute()), now)))
                while (answer := decode_answer(connection.recv_bytes())).batch is not None:
                    yield answer.batch
                answered = self._has_read = True
            except (EOFError, OSError):
                raise ReaderDied("The reader ended while it read a delivery.") from None
            finally:
                if not answered:
                    self._stop()
        if answer.missing:
            raise NotFound("The file or folder to be read is not there.")
        if answer.fault:
            raise ReaderDied(f"The reader failed: {answer.fault}.")

    def close(self) -> None:
        """Ends the process; a reading under way in another thread raises `ReaderDied`."""
        if self._turn.acquire(blocking=False):
            try:
                self._stop(patience=_END_SECONDS if self._has_read else 0.0)
            finally:
                self._turn.release()
        elif (process := self._process) is not None:
            process.kill()
            process.wait()

    def _connected(self) -> Connection:
        if self._connection is None:
            ours, theirs = Pipe()
            try:
                self._process = _started(theirs.fileno())
            finally:
                theirs.close()
            self._connection = ours
            ours.send_bytes(encode(self._start))
        return self._connection

    def _stop(self, patience: float = 0.0) -> None:
        """An idle one ends by itself, and its second before it, if it is given time; one that is still starting would take all of it."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            with suppress(OSError):  # a reading that the garbage collector ends may find it closed
                connection.close()
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
            process.kill()
            process.wait()


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C in a terminal reaches the server alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "preview.parsing.worker_process", str(descriptor)],
        cwd=_ROOT,
        env={"GLIBC_TUNABLES": _MALLOC, **os.environ},
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
