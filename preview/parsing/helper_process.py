"""The helper process: parses a part of a large delivery's files while the parser process parses the others.

It is forked from the parser process (`worker_process`), has the same limits and ends with it. It receives the bytes
of files, never a path, and describes errors as the parser process does: without any value of a file.
"""

import os
import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import msgspec

from preview.parsing.archive import DeliveryFile
from preview.parsing.file_parser import FileContents

ParseFunction = Callable[[bytes, int, datetime], FileContents]
"""Parses a file: its bytes, its ordinal and the present instant."""
ParsedFile = tuple[DeliveryFile, FileContents | None]
"""A file and its content, None if it is not read."""

_BLOCK_FILES = 20
_BLOCK_BYTES = 512 * 1024
_MAX_LOCAL_FILES, _MAX_LOCAL_BYTES = 400, 4 * 1024 * 1024
"""What is parsed here at most while one block is being parsed there: the files and their content wait in memory."""


class HelperCrashed(Exception):
    """The helper process ended before it had answered."""


class HelperError(Exception):
    """Parsing in the helper process raised an unexpected error; the message holds no value of a file."""


class _BlockRequest(msgspec.Struct, frozen=True, array_like=True):
    """Request to parse a block of files, each an ordinal and bytes."""

    now: datetime
    files: list[tuple[int, bytes]]


class _BlockReply(msgspec.Struct, frozen=True, array_like=True):
    """Content of the files of a block, in order, or the description of an error."""

    contents: list[FileContents] = []
    error: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(_BlockRequest).decode
_decode_reply = msgspec.msgpack.Decoder(_BlockReply).decode


def has_spare_core() -> bool:
    """Return whether this machine has a CPU core for a helper process."""
    return len(os.sched_getaffinity(0)) > 1


class HelperProcess:
    """The helper process, as the parser process uses it."""

    def __init__(self, connection: Connection, pid: int = 0) -> None:
        self._connection = connection
        self._pid = pid
        self._reply_pending = False
        self._poll = select.poll()  # `Connection.poll` makes one at each call
        self._poll.register(connection.fileno(), select.POLLIN)

    @classmethod
    def fork(
        cls, parse: ParseFunction, describe_error: Callable[[Exception], str], prepare: Callable[[], None]
    ) -> "HelperProcess":
        """Fork a helper process. This process must have a single thread.

        Args:
            parse: Parses a file, in the helper process.
            describe_error: Describes an exception without any value of a file.
            prepare: Called in the helper process before it serves.
        """
        own_end, helper_end = Pipe()
        pid = os.fork()
        if pid == 0:
            own_end.close()
            prepare()
            serve(helper_end, parse, describe_error)
            os._exit(0)
        helper_end.close()
        return cls(own_end, pid)

    def close(self) -> None:
        """Let the helper process finish its block, end it and wait for its end."""
        self._connection.close()
        if self._pid:
            os.waitpid(self._pid, 0)

    def parse(
        self, items: Iterator[DeliveryFile], now: datetime, parse_locally: Callable[[DeliveryFile], FileContents | None]
    ) -> Iterator[ParsedFile]:
        """Parse files here and in the helper process at the same time.

        The helper process gets a block; until it answers, the files after the block are parsed here. So neither waits
        for the other, whatever else each has to do.

        Args:
            items: The files. About two blocks are read ahead of the results.
            now: The present instant, in UTC.
            parse_locally: Parses a file in this process, or returns None for a file that is not read.

        Yields:
            Each file in order with its content. A delivery that has no more files than a block is parsed here only.

        Raises:
            HelperCrashed: If the helper process ended.
            HelperError: If the helper process failed.
        """
        waiting = _ReadAhead(items)
        helper_files = [] if waiting.fits_into_block else waiting.take_block()
        try:
            self._send(helper_files, now)
            while helper_files:
                waiting.fill()
                parsed_here = self._parse_until_answered(waiting, parse_locally)
                parsed_there = self._receive_results(helper_files)
                helper_files = waiting.take_block()
                self._send(helper_files, now)
                yield from parsed_there
                yield from parsed_here
            for item in waiting:
                yield item, parse_locally(item)
        finally:
            # A reply that was not received must not be taken for that of the next delivery.
            with suppress(HelperCrashed, HelperError):
                self._receive_contents()

    def _parse_until_answered(
        self, waiting: "_ReadAhead", parse_locally: Callable[[DeliveryFile], FileContents | None]
    ) -> list[ParsedFile]:
        parsed: list[ParsedFile] = []
        size = 0
        while len(parsed) < _MAX_LOCAL_FILES and size < _MAX_LOCAL_BYTES and not self._poll.poll(0):
            if (item := next(waiting, None)) is None:
                break
            parsed.append((item, parse_locally(item)))
            size += len(item.data)
        return parsed

    def _send(self, items: list[DeliveryFile], now: datetime) -> None:
        if items:
            try:
                self._connection.send_bytes(
                    _encode(_BlockRequest(now, [(item.file, item.data) for item in items if item.rejection is None]))
                )
            except OSError:
                raise HelperCrashed from None
            self._reply_pending = True

    def _receive_results(self, items: list[DeliveryFile]) -> list[ParsedFile]:
        contents = iter(self._receive_contents())
        return [(item, None if item.rejection else next(contents)) for item in items]

    def _receive_contents(self) -> list[FileContents]:
        if not self._reply_pending:
            return []
        self._reply_pending = False
        try:
            reply = _decode_reply(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise HelperCrashed from None
        if reply.error:
            raise HelperError(reply.error)
        return reply.contents


class _ReadAhead(Iterator[DeliveryFile]):
    """The files that are still to be parsed. One more than a block is read ahead, or fewer if they are large."""

    def __init__(self, items: Iterator[DeliveryFile]) -> None:
        self._items = items
        self._read: deque[DeliveryFile] = deque()
        self._bytes = 0
        self._has_all = False
        self.fill()

    @property
    def fits_into_block(self) -> bool:
        """Whether no more files follow than those of one block."""
        return self._has_all and len(self._read) <= _BLOCK_FILES

    def __next__(self) -> DeliveryFile:
        self.fill()
        if not self._read:
            raise StopIteration
        return self._pop()

    def fill(self) -> None:
        """Read until there are a block and one file more."""
        while not self._has_all and len(self._read) <= _BLOCK_FILES and self._bytes_before_last() < _BLOCK_BYTES:
            if (item := next(self._items, None)) is None:
                self._has_all = True
            else:
                self._read.append(item)
                self._bytes += len(item.data)

    def take_block(self) -> list[DeliveryFile]:
        """Return the next block, or half of the files if no further ones follow: both processes then end together."""
        self.fill()
        max_files = min(_BLOCK_FILES, len(self._read) // 2 if self._has_all else len(self._read) - 1)
        block: list[DeliveryFile] = []
        size = 0
        while len(block) < max_files and size < _BLOCK_BYTES:
            block.append(self._pop())
            size += len(block[-1].data)
        return block

    def _bytes_before_last(self) -> int:
        return self._bytes - len(self._read[-1].data) if self._read else 0

    def _pop(self) -> DeliveryFile:
        item = self._read.popleft()
        self._bytes -= len(item.data)
        return item


def serve(connection: Connection, parse: ParseFunction, describe_error: Callable[[Exception], str]) -> None:
    """Serve requests in the helper process until the connection is closed."""
    with suppress(EOFError, OSError):
        while True:
            request = _decode_request(connection.recv_bytes())
            try:
                reply = _BlockReply([parse(data, file, request.now) for file, data in request.files])
            except MemoryError:
                os._exit(1)  # the state is undefined now; the parser process notices the closed connection
            except Exception as error:  # noqa: BLE001, any message may quote a person
                reply = _BlockReply(error=describe_error(error))
            connection.send_bytes(_encode(reply))
