"""A second reader beside the first: of a large delivery it reads more than half of the files, while the first reads the others.

It is forked from the reader's process (`child.py`), under the same limits, and ends with it. It is given bytes, never a path, and tells of
an error no more than the first does.
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
"""A file's bytes, its ordinal and the present instant to what it holds."""

# The first reader unpacks for both, so it reads the smaller part.
_LOCAL_FILES, _HELPER_FILES = 40, 60
_BLOCK_BYTES = 512 * 1024


class HelperCrashed(Exception):
    """It has ended while it read."""


class HelperError(Exception):
    """By an error of ours; the message is what may be told of it."""


class _BlockRequest(msgspec.Struct, frozen=True, array_like=True):
    """What it is to read."""

    now: datetime
    files: list[tuple[int, bytes]]


class _BlockReply(msgspec.Struct, frozen=True, array_like=True):
    """What the files of a block hold, in order, or why that cannot be told."""

    contents: list[FileContents] = []
    error: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(_BlockRequest).decode
_decode_reply = msgspec.msgpack.Decoder(_BlockReply).decode


def has_spare_core() -> bool:
    """Whether there is one for it."""
    return len(os.sched_getaffinity(0)) > 1


class HelperProcess:
    """The other process, as the first one sees it."""

    def __init__(self, connection: Connection, pid: int = 0) -> None:
        self._connection = connection
        self._pid = pid
        self._reply_pending = False

    @classmethod
    def fork(cls, parse: ParseFunction, describe_error: Callable[[Exception], str], prepare: Callable[[], None]) -> "HelperProcess":
        """Starts it; call it while this process has one thread. It calls `begin`, then serves; `tell` says of an error what may be said."""
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
        """Ends it, once it has read what it has been given, and waits for that."""
        self._connection.close()
        if self._pid:
            os.waitpid(self._pid, 0)

    def parse(
        self, items: Iterator[DeliveryFile], now: datetime, parse_locally: Callable[[DeliveryFile], FileContents | None]
    ) -> Iterator[tuple[DeliveryFile, FileContents | None]]:
        """Each file in order with what `here` gives of it, or would give. Raises `SecondDied`, `SecondFailed`.

        What fits into one block is read here. Some hundred files are read ahead of who takes them.
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
            # Of a reading that ends early nothing is to be taken for the next one's.
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
    """The next files, few where they are large."""
    block: list[DeliveryFile] = []
    size = 0
    while len(block) < max_files and size < _BLOCK_BYTES and (item := next(items, None)) is not None:
        block.append(item)
        size += len(item.data)
    return block


def serve(connection: Connection, parse: ParseFunction, describe_error: Callable[[Exception], str]) -> None:
    """What the second reader does, until the connection ends."""
    with suppress(EOFError, OSError):
        while True:
            request = _decode_request(connection.recv_bytes())
            try:
                reply = _BlockReply([parse(data, file, request.now) for file, data in request.files])
            except MemoryError:
                os._exit(1)  # nothing can be relied on any more; the first sees the end of the connection
            except Exception as error:  # noqa: BLE001, whatever it is, its message may quote a person
                reply = _BlockReply(error=describe_error(error))
            connection.send_bytes(_encode(reply))
