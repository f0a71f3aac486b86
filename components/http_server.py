"""The HTTP server below Tornado's application: it accepts connections and keeps account of them."""

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.ioloop import IOLoop, PeriodicCallback

from components.served_stream import AnswerKnownRequest, ServedStream
from preview.core.passing_faults import PassingFault, as_passing
from preview.core.settings import Settings
from preview.runtime.connections import ConnectionTable, client_of
from preview.runtime.sockets import BACKLOG

log = logging.getLogger(__name__)

ACCEPT_STEP = "accepting connections"

_ACCEPTED_PER_TURN = 16
"""Connections that are accepted before the event loop runs other tasks.

Those read what has arrived: with many more, clients that have sent their request would count as silent.
"""

_SWEEP_SECONDS = 1.0

_CLOSE_SECONDS = 0.5
"""How long closed connections are waited for at most when the process stops."""

_NETWORK_ERRORS = frozenset(
    getattr(errno, name)
    for name in ("ECONNABORTED", "EPROTO", "EPERM", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT")
    if hasattr(errno, name)
)
"""Errors of a connection that has failed before it was accepted; the next one is not affected (accept(2))."""


class BoundedHTTPServer(HTTPServer):
    """Tornado's server, whose connections are in a table that limits them."""

    def initialize(
        self,
        *args: Any,
        settings: Settings,
        connections: ConnectionTable,
        fault: PassingFault,
        answer: AnswerKnownRequest,
        **kwargs: Any,
    ) -> None:
        """Set the dependencies (Tornado's hook, called by its constructor).

        Args:
            *args: Tornado's.
            settings: The time limit of clients, and whether the program is behind a proxy: the addresses of connections
                are then not those of the clients.
            connections: The table.
            fault: The state of accepting.
            answer: Answers requests before Tornado reads them.
            **kwargs: Tornado's.
        """
        seconds = settings.client_timeout_seconds
        super().initialize(
            *args,
            xheaders=settings.use_xheaders,
            idle_connection_timeout=seconds,
            body_timeout=seconds,
            **kwargs,
        )
        self.connections = connections
        self._is_behind_proxy = settings.use_xheaders
        self._fault = fault
        self._answer = answer
        self._acceptors: list[_Acceptor] = []
        self._sweep = PeriodicCallback(lambda: connections.close_untaken(seconds), _SWEEP_SECONDS * 1000)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections of listening sockets, until `stop`."""
        self._acceptors += [_Acceptor(listening, self._serve, self._make_room, self._fault) for listening in sockets]
        self._sweep.start()

    def stop(self) -> None:
        """Accept no more connections, close the listening sockets, and close each connection after its next answer."""
        self.conn_params.no_keep_alive = True  # announced to the client, which then sends nothing more
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()
        self._sweep.stop()
        super().stop()

    async def close_connections(self) -> None:
        """Close the connections that are left after `stop`, and let what serves them end.

        The system would close them too when the process ends, but until then clients would send requests on them, which
        nobody reads, so that their connections are reset.
        """
        self.connections.close_all()
        with suppress(TimeoutError):  # as for an upload whose chunk the disk does not take
            await asyncio.wait_for(self.close_all_connections(), _CLOSE_SECONDS)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Return what receives the next request of a connection (Tornado's hook)."""
        delegate = super().start_request(server_conn, request_conn)
        stream = request_conn.stream if isinstance(request_conn, HTTP1Connection) else None
        if not isinstance(stream, ServedStream):
            return delegate
        self.connections.begin_request(stream)
        stream.await_request()
        return _AccountedRequest(delegate, stream, self.connections)

    def _serve(self, connection: socket.socket, address: Any) -> None:
        stream = ServedStream(connection, self.connections, self._answer)
        self.connections.add(stream, None if self._is_behind_proxy else client_of(address[0]))
        if not stream.closed():
            self.handle_stream(stream, address)

    def _make_room(self) -> None:
        self.connections.close_longest_silent()


class _AccountedRequest(HTTPMessageDelegate):
    """Tells the table when a request's head and when all of it has arrived."""

    __slots__ = ("_connections", "_delegate", "_stream")

    def __init__(self, delegate: HTTPMessageDelegate, stream: ServedStream, connections: ConnectionTable) -> None:
        self._delegate = delegate
        self._stream = stream
        self._connections = connections

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        if self._stream.is_cut:
            raise HTTPInputError("The connection was closed.")  # ends Tornado's loop over the requests of a connection
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            self._connections.begin_request(self._stream)  # its body is waited for
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._connections.stop_waiting(self._stream)
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


class _Acceptor:
    """Accepts connections of one listening socket; if that fails, it tries again after a pause.

    Tornado's own does not pause: without a free descriptor it would fail again at once, for ever, because the socket
    stays readable.
    """

    def __init__(
        self,
        listening: socket.socket,
        on_connection: Callable[[socket.socket, Any], None],
        make_room: Callable[[], None],
        fault: PassingFault,
    ) -> None:
        self._listening = listening
        self._on_connection = on_connection
        self._make_room = make_room
        self._fault = fault
        self._loop = IOLoop.current()
        self._retry: object | None = None
        self._resume()

    def close(self) -> None:
        """Close the socket, but accept first what the kernel has connected: it would reset those connections."""
        if self._retry is None:
            self._loop.remove_handler(self._listening)
        else:
            self._loop.remove_timeout(self._retry)
        with suppress(OSError):  # none waits any more, or no descriptor is free
            for _turn in range(BACKLOG):
                self._accept_next()
        self._listening.close()

    def _resume(self) -> None:
        self._retry = None
        self._loop.add_handler(self._listening, self._accept, IOLoop.READ)

    def _accept(self, *_: Any) -> None:
        try:
            for _turn in range(_ACCEPTED_PER_TURN):
                if self._listening.fileno() < 0:
                    return  # closed meanwhile
                self._accept_next()
        except BlockingIOError:
            return
        except OSError as error:
            self._pause(error)

    def _accept_next(self) -> None:
        """Accept and serve a connection; raise `BlockingIOError` if none waits, `OSError` if it cannot be accepted."""
        try:
            connection, address = self._listening.accept()
        except OSError as error:
            if error.errno in _NETWORK_ERRORS:
                return
            raise
        self._fault.succeeded()
        try:
            self._on_connection(connection, address)
        except Exception:
            log.exception("A connection could not be served.")
            connection.close()

    def _pause(self, error: OSError) -> None:
        passing = as_passing(error)
        assert passing is not None  # as an OSError
        self._loop.remove_handler(self._listening)
        self._make_room()
        self._retry = self._loop.call_later(self._fault.failed(passing), self._resume)
