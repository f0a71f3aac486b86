"""A client of the event stream, of our own: it reads the wire block by block, so that tests see ids, comments and `retry:` too."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

WAIT_SECONDS = 20.0


@dataclass
class Block:
    """What stands between two empty lines. `id` is an int; `data` is decoded."""

    id: int | None = None
    event: str | None = None
    data: Any = None
    retry: int | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def is_place(self) -> bool:
        """A bare `id:`."""
        return self.id is not None and self.event is None


def parse(lines: list[str]) -> Block:
    """One block from its lines."""
    block = Block()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                block.comments.append(value)
            case "id":
                block.id = int(value)
            case "event":
                block.event = value
            case "data":
                assert block.data is None, "data is one line"
                block.data = msgspec.json.decode(value)
            case "retry":
                block.retry = int(value)
            case _:
                raise AssertionError(f"unknown line {line!r}")
    return block


class Watcher:
    """An open stream, read by a thread of its own. `place` is the last id seen, as an EventSource would keep it."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        """Raises `AssertionError` where it is not answered 200."""
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_SECONDS)
        self._connection.request("GET", path, headers={"Accept": "text/event-stream"} | headers)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.place: int | None = None
        self.retry: int | None = None
        self._blocks: queue.SimpleQueue[Block | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="watcher", daemon=True)
        self._thread.start()

    def next(self, seconds: float = WAIT_SECONDS) -> Block | None:
        """The next block, None where the stream has ended. Fails where none comes."""
        try:
            block = self._blocks.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"No block came within {seconds} s.") from None
        if block is not None:
            self.place = self.place if block.id is None else block.id
            self.retry = block.retry or self.retry
        return block

    def until(self, wanted: Callable[[Block], bool]) -> list[Block]:
        """All blocks up to and with the first that is wanted."""
        blocks: list[Block] = []
        end = time.monotonic() + WAIT_SECONDS
        while not blocks or not wanted(blocks[-1]):
            block = self.next(max(0.01, end - time.monotonic()))
            assert block is not None, f"The stream ended: {blocks}"
            blocks.append(block)
        return blocks

    def events_until(self, place: int) -> list[Block]:
        """The durable events up to that place in the log. A filtered stream tells by a bare id that it has reached it."""
        if self.place is not None and self.place >= place:
            return []
        return [block for block in self.until(lambda block: (block.id or 0) >= place) if block.event and block.id]

    def rest(self) -> list[Block]:
        """The blocks until the server ends the stream; then it is closed."""
        blocks: list[Block] = []
        while (block := self.next()) is not None:
            blocks.append(block)
        self.close()
        return blocks

    def close(self) -> None:
        """Goes away, as a client that is closed does."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_SECONDS)
        self.response.close()
        self._connection.close()
        self._socket.close()

    def _read(self) -> None:
        lines: list[str] = []
        with suppress(OSError, HTTPException):
            while line := self.response.readline().decode():
                if line != "\n":
                    lines.append(line.removesuffix("\n"))
                elif lines:
                    self._blocks.put(parse(lines))
                    lines = []
        self._blocks.put(None)


@contextmanager
def watching(url: str, path: str, **headers: str) -> Generator[Watcher]:
    """A stream for the length of a block, its opening (`retry:` and the first place) read. `last_event_id=` gives the header."""
    watcher = Watcher(url, path, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        watcher.until(lambda block: block.is_place)
        yield watcher
    finally:
        watcher.close()
