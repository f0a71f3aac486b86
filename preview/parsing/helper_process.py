"""The helper process: parses a part of a large delivery's files while the parser process parses the others.

It is forked from the parser process (`worker_process`), has the same limits and ends with it. It receives the bytes
of files, never a path, and describes errors as the parser process does: without any value of a file.
"""

import os
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

# The parser process reads and unpacks the files of both blocks, so it parses fewer of them.
_LOCAL_FILES, _HELPER_FILES = 40, 60
_BLOCK_BYTES = 512 * 1024


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
    ) -> Iterator[tuple[DeliveryFile, FileContents | None]]:
        """Parse files here and in the helper process, in blocks.

        Args:
            items: The files. About a hundred are read ahead of the results.
            now: The present instant, in UTC.
            parse_locally: Parses a file in this process, or returns None for a file that is not read.

        Yields:
            Each file in order with its content. A delivery that fits into one block is parsed here only.

        Raises:
            HelperCrashed: If the helper process ended.
            HelperError: If the helper process failed.
        """
        local_files, helper_files = _next_block(items, _LOCAL_FILES), _next_block(items, _HELPER_FILES)
        try:
            self._send(helper_files, now)
            while local_files:
                contents = [parse_locally(item) for item in local_files]
                next_blocks = _next_block(items, _LOCAL_FILES), _next_block(items, _HELPER_FILES)
                helper_results = self._receive_results(helper_files)
                self._send(next_blocks[1], now)
                yield from zip(local_files, contents, strict=True)
                yield from helper_results
                local_files, helper_files = next_blocks
        finally:
            # A reply that was not received must not be taken for that of the next delivery.
            with suppress(HelperCrashed, HelperError):
                self._receive_contents()

    def _send(self, items: list[DeliveryFile], now: datetime) -> None:
        if items:
            try:
                self._connection.send_bytes(
                    _encode(_BlockRequest(now, [(item.file, item.data) for item in items if item.rejection is None]))
                )
            except OSError:
                raise HelperCrashed from None
            self._reply_pending = True

    def _receive_results(self, items: list[DeliveryFile]) -> list[tuple[DeliveryFile, FileContents | None]]:
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


def _next_block(items: Iterator[DeliveryFile], max_files: int) -> list[DeliveryFile]:
    """Return the next files, fewer if they are large."""
    block: list[DeliveryFile] = []
    size = 0
    while len(block) < max_files and size < _BLOCK_BYTES and (item := next(items, None)) is not None:
        block.append(item)
        size += len(item.data)
    return block


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
