"""Client of the event stream that returns every block, so that tests see ids, comments and `retry:` too."""

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

TIMEOUT_SECONDS = 20.0


@dataclass
class SseBlock:
    """One block, which an empty line ends; `data` is decoded JSON."""

    id: int | None = None
    event: str | None = None
    data: Any = None
    retry: int | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def is_bare_id(self) -> bool:
        """Return whether the block has an id and no event."""
        return self.id is not None and self.event is None


def parse_block(lines: list[str]) -> SseBlock:
    """Return the block of its lines."""
    block = SseBlock()
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


class SseClient:
    """An open stream, read on a thread; `last_event_id` is the last id received, as an EventSource keeps it."""

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        """Open the stream; raise `AssertionError` unless the status is 200."""
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._connection.request("GET", path, headers={"Accept": "text/event-stream"} | headers)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.last_event_id: int | None = None
        self.retry: int | None = None
        self._blocks: queue.SimpleQueue[SseBlock | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="watcher", daemon=True)
        self._thread.start()

    def next_block(self, seconds: float = TIMEOUT_SECONDS) -> SseBlock | None:
        """Return the next block, None at the end of the stream; raise `AssertionError` after `seconds` without one."""
        try:
            block = self._blocks.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"No block was received within {seconds} s.") from None
        if block is not None:
            self.last_event_id = self.last_event_id if block.id is None else block.id
            self.retry = block.retry or self.retry
        return block

    def read_until(self, predicate: Callable[[SseBlock], bool]) -> list[SseBlock]:
        """Return all blocks up to the first that satisfies the predicate, that one included."""
        blocks: list[SseBlock] = []
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not blocks or not predicate(blocks[-1]):
            block = self.next_block(max(0.01, deadline - time.monotonic()))
            assert block is not None, f"The stream ended: {blocks}"
            blocks.append(block)
        return blocks

    def events_until(self, event_id: int) -> list[SseBlock]:
        """Return the durable events up to a log position; a filtered stream reaches it with an event or a bare id."""
        if self.last_event_id is not None and self.last_event_id >= event_id:
            return []
        return [
            block for block in self.read_until(lambda block: (block.id or 0) >= event_id) if block.event and block.id
        ]

    def read_to_end(self) -> list[SseBlock]:
        """Return the blocks until the server ends the stream, and close it."""
        blocks: list[SseBlock] = []
        while (block := self.next_block()) is not None:
            blocks.append(block)
        self.close()
        return blocks

    def close(self) -> None:
        """Close the connection without waiting for the server."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT_SECONDS)
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
                    self._blocks.put(parse_block(lines))
                    lines = []
        self._blocks.put(None)


@contextmanager
def open_stream(url: str, path: str, **headers: str) -> Generator[SseClient]:
    """Open a stream for the length of a block; `retry:` and the first id are read already.

    Args:
        url: Address of the server.
        path: Path and query of the stream.
        headers: Request headers by name, with `_` for `-`: `last_event_id="7"`.
    """
    client = SseClient(url, path, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        client.read_until(lambda block: block.is_bare_id)
        yield client
    finally:
        client.close()
