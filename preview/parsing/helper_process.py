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

from preview.parsing.archive import Item
from preview.parsing.file_parser import Contents

Read = Callable[[bytes, int, datetime], Contents]
"""A file's bytes, its ordinal and the present instant to what it holds."""

# The first reader unpacks for both, so it reads the smaller part.
_OWN_FILES, _OTHER_FILES = 40, 60
_BLOCK_BYTES = 512 * 1024


class SecondDied(Exception):
    """It has ended while it read."""


class SecondFailed(Exception):
    """By an error of ours; the message is what may be told of it."""


class _Block(msgspec.Struct, frozen=True, array_like=True):
    """What it is to read."""

    now: datetime
    files: list[tuple[int, bytes]]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """What the files of a block hold, in order, or why that cannot be told."""

    contents: list[Contents] = []
    fault: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_block = msgspec.msgpack.Decoder(_Block).decode
_decode_answer = msgspec.msgpack.Decoder(_Answer).decode


def has_a_core() -> bool:
    """Whether there is one for it."""
    return len(os.sched_getaffinity(0)) > 1


class Second:
    """The other process, as the first one sees it."""

    def __init__(self, connection: Connection, pid: int = 0) -> None:
        self._connection = connection
        self._pid = pid
        self._owes = False

    @classmethod
    def forked(cls, read: Read, tell: Callable[[Exception], str], begin: Callable[[], None]) -> "Second":
        """Starts it; call it while this process has one thread. It calls `begin`, then serves; `tell` says of an error what may be said."""
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            ours.close()
            begin()
            serve(theirs, read, tell)
            os._exit(0)
        theirs.close()
        return cls(ours, pid)

    def close(self) -> None:
        """Ends it, once it has read what it has been given, and waits for that."""
        self._connection.close()
        if self._pid:
            os.waitpid(self._pid, 0)

    def read(self, items: Iterator[Item], now: datetime, here: Callable[[Item], Contents | None]) -> Iterator[tuple[Item, Contents | None]]:
        """Each file in order with what `here` gives of it, or would give. Raises `SecondDied`, `SecondFailed`.

        What fits into one block is read here. Some hundred files are read ahead of who takes them.
        """
        own, others = _block(items, _OWN_FILES), _block(items, _OTHER_FILES)
        try:
            self._ask(others, now)
            while own:
                contents = [here(item) for item in own]
                following = _block(items, _OWN_FILES), _block(items, _OTHER_FILES)
                answered = self._answered(others)
                self._ask(following[1], now)
                yield from zip(own, contents, strict=True)
                yield from answered
                own, others = following
        finally:
            # Of a reading that ends early nothing is to be taken for the next one's.
            with suppress(SecondDied, SecondFailed):
                self._received()

    def _ask(self, items: list[Item], now: datetime) -> None:
        if items:
            try:
                self._connection.send_bytes(_encode(_Block(now, [(item.file, item.data) for item in items if item.refused is None])))
            except OSError:
                raise SecondDied from None
            self._owes = True

    def _answered(self, items: list[Item]) -> list[tuple[Item, Contents | None]]:
        contents = iter(self._received())
        return [(item, None if item.refused else next(contents)) for item in items]

    def _received(self) -> list[Contents]:
        if not self._owes:
            return []
        self._owes = False
        try:
            answer = _decode_answer(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise SecondDied from None
        if answer.fault:
            raise SecondFailed(answer.fault)
        return answer.contents


def _block(items: Iterator[Item], most: int) -> list[Item]:
    """The next files, few where they are large."""
    block: list[Item] = []
    size = 0
    while len(block) < most and size < _BLOCK_BYTES and (item := next(items, None)) is not None:
        block.append(item)
        size += len(item.data)
    return block


def serve(connection: Connection, read: Read, tell: Callable[[Exception], str]) -> None:
    """What the second reader does, until the connection ends."""
    with suppress(EOFError, OSError):
        while True:
            block = _decode_block(connection.recv_bytes())
            try:
                answer = _Answer([read(data, file, block.now) for file, data in block.files])
            except MemoryError:
                os._exit(1)  # nothing can be relied on any more; the first sees the end of the connection
            except Exception as error:  # noqa: BLE001, whatever it is, its message may quote a person
                answer = _Answer(fault=tell(error))
            connection.send_bytes(_encode(answer))
