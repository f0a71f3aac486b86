"""The connection of an event stream, apart from Tornado's handler: socket options and direct writes.

Broadcasting writes the same bytes to many connections. They are framed once (`sse.Audience`) and written to each
socket, past `RequestHandler.write` and `flush`, which would frame them again for each. The handler, its request and
Tornado's HTTP connection are no longer needed once a stream is open: they would be most of the memory that a stream
takes.
"""

import asyncio
import socket
from collections.abc import Callable

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError

MAX_WRITE_BUFFER_BYTES = 262144
"""A client with more unsent data than this is disconnected; it resumes by its last event id (rule 6f, docs/api.md)."""

SEND_BUFFER_BYTES = 65536
TCP_USER_TIMEOUT_SECONDS = 30


class SseConnection:
    """The socket of one event stream."""

    __slots__ = ("_has_unsent", "_socket", "_stream")

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        self._socket = stream.socket
        self._has_unsent = True  # whether the stream may hold bytes that are not sent

    def configure_for_broadcast(self, on_close: Callable[[], None]) -> None:
        """Limit unsent data and disable Nagle's algorithm. Called once the headers are sent.

        Args:
            on_close: Is called when the client has closed the connection.
        """
        self._stream.set_close_callback(on_close)
        self._stream.max_write_buffer_size = MAX_WRITE_BUFFER_BYTES
        if self._socket is not None:
            _configure_socket(self._socket)
        self._stream.set_nodelay(True)

    def write(self, encoded: bytes) -> "asyncio.Future[None]":
        """Write encoded bytes without waiting.

        Returns:
            A future that is done when the kernel has accepted the bytes.

        Raises:
            StreamClosedError: The client has closed the connection.
            StreamBufferFullError: The client reads too slowly.
        """
        self._has_unsent = True
        return self._stream.write(encoded)

    def push(self, encoded: bytes) -> None:
        """Write encoded bytes without waiting, straight to the socket as long as it takes them.

        A broadcast goes to thousands of connections, which have left the processor's caches since the last one: to look
        at the stream alone would take a tenth of the time, and its `write`, with its buffer and its future, as long as
        the rest.

        Raises:
            StreamClosedError: The client has closed the connection.
            StreamBufferFullError: The client reads too slowly.
        """
        if self._has_unsent:
            self._has_unsent = self._stream.closed() or self._stream.writing()
        if self._has_unsent or self._socket is None:
            self._stream.write(encoded)
            return
        try:
            sent = self._socket.send(encoded)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._stream.close()
            raise StreamClosedError(error) from error
        if sent < len(encoded):
            self._has_unsent = True
            self._stream.write(encoded[sent:])

    def end(self, encoded: bytes) -> None:
        """Write the end of the response, and close the connection when all is sent.

        The connection has a small send buffer, and under HTTP/1.0 only its end marks the end of the response.
        """
        stream = self._stream
        if stream.closed():
            return
        stream.max_write_buffer_size = None
        sent = stream.write(encoded)
        sent.add_done_callback(lambda _: stream.close())

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()


def stream_of(request: HTTPServerRequest) -> IOStream | None:
    """Return the socket's stream of a request, None if its connection was given to another protocol."""
    connection = request.connection
    return connection.stream if isinstance(connection, HTTP1Connection) else None


def _configure_socket(peer: socket.socket) -> None:
    """Keep the kernel's buffer for a slow client small, and detect a client that no longer acknowledges."""
    if peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_SECONDS * 1000)
