"""The socket of a connection below Tornado's HTTP: it keeps account of the client, and answers known requests at once.

Most of what a GET costs is not the answer: it is Tornado's reading, parsing and formatting. A request that arrives in
one piece and has the same bytes as one that was answered before needs none of that.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from tornado.iostream import IOStream

from preview.runtime.connections import ConnectionTable

AnswerKnownRequest = Callable[[IOStream, bytes], bytes | None]
"""Returns the complete response to a request, given as it arrived; None if a handler must answer."""

MAX_KNOWN_REQUEST_BYTES = 4096

_MAX_SECONDS_PAST_TORNADO = 1.0
"""How long a connection is answered without Tornado, which measures from its own last request how long it is idle."""


class ServedStream(IOStream):
    """The socket of a connection.

    It tells the table of connections when it is closed, and when the client takes no data.
    """

    def __init__(self, connection: socket.socket, connections: ConnectionTable, answer: AnswerKnownRequest) -> None:
        """Take the connection.

        Args:
            connection: The socket.
            connections: The table of connections.
            answer: Answers requests before Tornado reads them.
        """
        self._connections = connections
        self._answer = answer
        self._is_blocked = False
        self._unread_bytes = 0  # that Tornado has got, and of which it has not read anything yet
        self._request_awaited_since: float | None = None
        self.is_cut = False
        super().__init__(connection)

    def await_request(self) -> None:
        """Note that Tornado reads the head of the next request from now on."""
        self._request_awaited_since = time.monotonic()

    def cut(self) -> None:
        """Close the connection to make room. Tornado would go on with the requests that it has read already."""
        self.is_cut = True
        self.close()

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Read from the socket (Tornado's hook). A request that is answered here counts as nothing read."""
        size = super().read_from_fd(buf)
        if size:
            if self._request_awaited_since is not None and self._answer_at_once(buf, size):
                return None
            self._request_awaited_since = None
            self._unread_bytes += size
        return size

    def _answer_at_once(self, buf: bytearray | memoryview, size: int) -> bool:
        """Answer what has arrived, if it is a known request. Otherwise Tornado gets it.

        It must begin a request: Tornado has none in progress, and nothing of the next one either. The answers to
        earlier ones have been taken, so that a client that takes none keeps nothing in memory.
        """
        since = self._request_awaited_since
        if self._unread_bytes or size > MAX_KNOWN_REQUEST_BYTES or self.writing():
            return False
        if since is None or time.monotonic() - since > _MAX_SECONDS_PAST_TORNADO:
            return False
        response = self._answer(self, bytes(buf[:size]))
        if response is None:
            return False
        self._connections.begin_request(self)  # the next one is waited for from now on
        try:
            sent = self.write_to_fd(memoryview(response))
        except BlockingIOError:
            sent = 0
        if sent < len(response):
            self.write(response[sent:])
        return True

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """Read the head of a request (Tornado's method)."""
        return self._counted(super().read_until_regex(regex, max_bytes))

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """Read a line of a body in chunks (Tornado's method)."""
        return self._counted(super().read_until(delimiter, max_bytes))

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        """Read a part of a body, or of a WebSocket's messages (Tornado's method)."""
        return self._counted(super().read_bytes(num_bytes, partial))

    def _counted(self, read: Awaitable[bytes]) -> Awaitable[bytes]:
        """Return what a method of Tornado's has returned; when it is done, what it has read is counted."""
        assert isinstance(read, asyncio.Future)
        read.add_done_callback(self._count_read)
        return read

    def _count_read(self, read: "asyncio.Future[bytes]") -> None:
        if not read.cancelled() and read.exception() is None:
            self._unread_bytes -= len(read.result())

    def write_to_fd(self, data: memoryview) -> int:
        """Write to the socket (Tornado's hook)."""
        try:
            written = super().write_to_fd(data)
        except BlockingIOError:
            self._is_blocked = True
            self._connections.wait_for_client(self)
            raise
        if self._is_blocked:
            self._is_blocked = False
            self._connections.stop_waiting(self)
        return written

    def close_fd(self) -> None:
        """Close the socket (Tornado's hook)."""
        super().close_fd()
        self._connections.remove(self)
