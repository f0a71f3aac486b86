"""Client of the parser process: parses deliveries outside the server, in a process that is started once and reused.

A file that exhausts memory or crashes the XML parser cannot harm the server. The process is a plain subprocess: one
of `multiprocessing` would import the main module of the server, with all of Panel, into it.
"""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import preview
from preview.core.errors import NotFound, ParserCrashed, ParserTooSlow
from preview.core.passing_faults import as_passing
from preview.model.limits import Limits
from preview.parsing.messages import Batch, InitMessage, ParseReply, ParseRequest, decode_reply, encode

_ROOT = Path(preview.__file__).parents[1]  # the folder of the package, as the working directory may be another one

_SHUTDOWN_SECONDS = 0.3

# A case file needs some hundred blocks of one size; that glibc caches that many saves a tenth of the time of parsing.
_GLIBC_TUNABLES = "glibc.malloc.tcache_count=500"


class ParserProcess:
    """The parser process. It parses one delivery at a time; a second caller waits for the first.

    The methods block and can be called from any thread but that of the event loop.

    Args:
        key: The store's key for pseudonyms.
        limits: Limits of a delivery and of the process.
        fields: Fields that supplementary figures may be given for; None allows any.
        progress_seconds: How long the process may take for its next batch. One that takes longer hangs and is killed.
        seconds_per_mb: How long it may take for each megabyte of a delivery's files, beside `progress_seconds` once.
    """

    def __init__(
        self,
        key: bytes,
        limits: Limits,
        fields: frozenset[str] | None = None,
        progress_seconds: float = 60.0,
        seconds_per_mb: float = 5.0,
    ) -> None:
        self._progress_seconds = progress_seconds
        self._seconds_per_byte = seconds_per_mb / 1e6
        self._init = InitMessage(key, limits, None if fields is None else sorted(fields))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._has_served = False

    @property
    def pid(self) -> int | None:
        """The id of the process, if it is running."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the process before the first delivery, without waiting until it is ready."""
        with self._lock:
            self._connect()

    def parse(self, path: Path, now: datetime) -> Iterator[Batch]:
        """Parse a delivery in the process.

        An iteration that is abandoned ends the process. After an error, the next call starts a new one.

        Args:
            path: A file, a ZIP archive, a folder, or a file of several (`multi_file_format`).
            now: The present instant, in UTC.

        Yields:
            The batches of `delivery.parse_delivery`, with back-pressure: the process waits for the caller.

        Raises:
            NotFound: If there is nothing at `path`.
            ParserCrashed: If the process ended or failed, or made no progress for too long.
            ParserTooSlow: If the delivery takes longer than the bytes of its files allow.
            Unavailable: If the process could not be started.
        """
        with self._lock:
            completed = False
            seconds = parsed_bytes = 0.0
            try:
                connection = self._connect()
                connection.send_bytes(encode(ParseRequest(str(path.absolute()), now)))
                while True:
                    started = time.monotonic()
                    # Only the time that the process takes counts, not that of the import between two batches.
                    allowed = self._progress_seconds + self._seconds_per_byte * parsed_bytes - seconds
                    reply = _decode(self._receive(connection, allowed))
                    seconds += time.monotonic() - started
                    if reply.batch is None:
                        break
                    parsed_bytes = max(reply.batch.unpacked_bytes, reply.batch.bytes_read)
                    yield reply.batch
                completed = self._has_served = True
            except TimeoutError:
                raise ParserCrashed(f"The parser process made no progress for {self._progress_seconds:g} s.") from None
            except (EOFError, OSError):
                raise ParserCrashed("The parser process ended while it parsed a delivery.") from None
            finally:
                if not completed:
                    self._stop()
        if reply.not_found:
            raise NotFound("The file or folder to be read is not there.")
        if reply.error:
            raise ParserCrashed(f"The parser process failed: {reply.error}.")

    def close(self) -> None:
        """End the process. A `parse` that runs in another thread raises `ParserCrashed`."""
        if self._lock.acquire(blocking=False):
            try:
                self._stop(timeout=_SHUTDOWN_SECONDS if self._has_served else 0.0)
            finally:
                self._lock.release()
        elif (process := self._process) is not None:
            process.kill()
            process.wait()

    def _connect(self) -> Connection:
        """Return the connection of the process, which is started if there is none; may raise `Unavailable`."""
        if self._connection is None:
            try:
                self._process, self._connection = _start()
            except OSError as error:
                # Too many files or processes: no fault of the delivery that waits for it.
                raise as_passing(error) or error from None
            self._connection.send_bytes(encode(self._init))
        return self._connection

    def _receive(self, connection: Connection, allowed_seconds: float) -> bytes:
        """Return the next reply; raise `TimeoutError` without progress, `ParserTooSlow` with too little."""
        seconds = min(self._progress_seconds, allowed_seconds)
        if seconds <= 0 or not connection.poll(seconds):
            if allowed_seconds < self._progress_seconds:
                raise ParserTooSlow("The delivery takes longer than the bytes of its files allow.")
            raise TimeoutError
        return connection.recv_bytes()

    def _stop(self, timeout: float = 0.0) -> None:
        """End the process, by force after `timeout` seconds. An idle one ends itself and its helper in that time."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            with suppress(OSError):  # an iteration that the garbage collector ends can find the connection closed
                connection.close()
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout)
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # its helper too, which may hang as well
            process.wait()


def _decode(message: bytes) -> ParseReply:
    """Decode a reply while the garbage collector rests.

    No other thread runs meanwhile. The collector would search the records, which have no reference cycles, again and
    again, and take nine tenths of the time: half a second for a 15F file of 15 MB.
    """
    gc.disable()
    try:
        return decode_reply(message)
    finally:
        gc.enable()


def _start() -> tuple[subprocess.Popen[bytes], Connection]:
    own_end, process_end = Pipe()
    try:
        return _spawn(process_end.fileno()), own_end
    except OSError:
        own_end.close()
        raise
    finally:
        process_end.close()


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    """Start the process, in its own process group: Ctrl-C in a terminal must reach the server only."""
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
