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
from preview.core.errors import NotFound, ParserCrashed
from preview.model.limits import Limits
from preview.parsing.delivery import Batch
from preview.parsing.worker_process import InitMessage, ParseRequest, decode_reply, encode

_ROOT = Path(preview.__file__).parents[1]  # where the child finds the package, whatever the working directory

_SHUTDOWN_SECONDS = 0.3

# As many blocks of a size as a folder takes are kept at hand when it is freed: a tenth of the time of reading (glibc; others heed it not).
_GLIBC_TUNABLES = "glibc.malloc.tcache_count=500"


class ParserProcess:
    """Reads one delivery at a time; a second caller waits for the first. Use it from any thread, never on the event loop."""

    def __init__(self, key: bytes, limits: Limits, fields: frozenset[str] | None = None) -> None:
        self._init = InitMessage(key, limits, None if fields is None else sorted(fields))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._has_served = False

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Starts the process ahead of the first delivery; does not wait for it."""
        with self._lock:
            self._connect()

    def parse(self, path: Path, now: datetime) -> Iterator[Batch]:
        """The batches of `delivery.read`, as they are read: a slow taker holds the reader up.

        Raises `NotFound` where there is nothing at `path`, `ReaderDied` where the process ended or failed; the next call has a new one.
        An iteration that is given up ends the process too.
        """
        with self._lock:
            completed = False
            try:
                connection = self._connect()
                connection.send_bytes(encode(ParseRequest(str(path.absolute()), now)))
                while (reply := decode_reply(connection.recv_bytes())).batch is not None:
                    yield reply.batch
                completed = self._has_served = True
            except (EOFError, OSError):
                raise ParserCrashed("The reader ended while it read a delivery.") from None
            finally:
                if not completed:
                    self._stop()
        if reply.not_found:
            raise NotFound("The file or folder to be read is not there.")
        if reply.error:
            raise ParserCrashed(f"The reader failed: {reply.error}.")

    def close(self) -> None:
        """Ends the process; a reading under way in another thread raises `ReaderDied`."""
        if self._lock.acquire(blocking=False):
            try:
                self._stop(timeout=_SHUTDOWN_SECONDS if self._has_served else 0.0)
            finally:
                self._lock.release()
        elif (process := self._process) is not None:
            process.kill()
            process.wait()

    def _connect(self) -> Connection:
        if self._connection is None:
            own_end, process_end = Pipe()
            try:
                self._process = _spawn(process_end.fileno())
            finally:
                process_end.close()
            self._connection = own_end
            own_end.send_bytes(encode(self._init))
        return self._connection

    def _stop(self, timeout: float = 0.0) -> None:
        """An idle one ends by itself, and its second before it, if it is given time; one that is still starting would take all of it."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            with suppress(OSError):  # a reading that the garbage collector ends may find it closed
                connection.close()
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout)
            process.kill()
            process.wait()


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C in a terminal reaches the server alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "preview.parsing.worker_process", str(descriptor)],
        cwd=_ROOT,
        env={"GLIBC_TUNABLES": _GLIBC_TUNABLES, **os.environ},
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
