"""Responses of GET from memory, without a request handler, as long as what they depend on has not changed.

A report's document is asked for far more often than it changes. The first response to a request is recorded as it is
sent, after every transform; the same request then gets the same bytes in one write. So both ways cannot differ, and
whatever is not recorded (changes, streams, errors) is answered by its handler alone.

After a commit, a response is looked up by the version of its snapshot's document: while an import or an aggregation
commits many times a second, nearly all commits leave the document that is asked for. Only its log position is renewed.

Requests are the same by the headers on which a response may depend, once Tornado has parsed them. Requests whose bytes
were parsed before are known without that.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple
from weakref import WeakKeyDictionary

from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import OutputTransform

from api_handlers.base import REPORT_DATA_PATH
from api_handlers.event_broadcaster import EventBroadcaster
from preview.core.errors import Unavailable
from preview.core.request_log import logs_every_request
from preview.reports.snapshots import DocumentVersion
from preview.runtime.application import Application

VARYING_HEADERS = ("Host", "Accept", "Accept-Encoding", "If-None-Match", "Origin")
"""Request headers on which a recorded response may depend."""

_BODY_HEADERS = ("Content-Length", "Transfer-Encoding", "Expect")
_STATUSES = (200, 304)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
"""The end of a request's head, as Tornado finds it."""

_MAX_ENTRIES = 512
_MAX_BODY_BYTES = 64 * 1024

RequestKey = tuple[str, *tuple[str | None, ...]]


class Version(NamedTuple):
    """What the store had before a response was made: its own version, and the ETag of the document, if it is of one."""

    store: int
    etag: str | None


@dataclass
class RecordedResponse:
    """A response as it was sent, and what the store had before it was made."""

    version: Version
    start_line: ResponseStartLine
    headers: HTTPHeaders
    body: bytes
    sent_second: int = 0
    encoded: bytes = b""

    def send(self, connection: HTTPConnection) -> None:
        """Send the response, with the present time as its `Date`."""
        self._renew_date()
        connection.write_headers(self.start_line, self.headers, self.body)
        connection.finish()

    def encode(self) -> bytes:
        """Return the bytes that `send` sends."""
        self._renew_date()
        if not self.encoded:
            lines = [f"HTTP/1.1 {self.start_line.code} {self.start_line.reason}"]
            lines += [f"{name}: {value}" for name, value in self.headers.get_all()]
            self.encoded = "\r\n".join([*lines, "", ""]).encode("latin1") + self.body
        return self.encoded

    def renew(self, version: Version, position: int) -> None:
        """Set the log position of a document that a commit has left as it was."""
        self.version = version
        self.headers["Last-Event-ID"] = str(position)
        self.encoded = b""

    def _renew_date(self) -> None:
        second = int(time.time())
        if second != self.sent_second:
            self.sent_second = second
            self.headers["Date"] = format_timestamp(second)
            self.encoded = b""


class ResponseCache:
    """Recorded responses by request. It belongs to the event loop."""

    def __init__(
        self,
        path: str,
        store_version: Callable[[], int],
        document_version: Callable[[str], DocumentVersion | None],
        is_active: Callable[[], bool],
    ) -> None:
        """Create an empty cache.

        Args:
            path: Start of the paths whose responses depend on nothing but the store and `VARYING_HEADERS`.
            store_version: Returns a number that differs after any commit by any process; must not block.
            document_version: Returns the version of the document with that id, None if there is none; must not block.
            is_active: Returns whether responses may be sent from memory at the moment.
        """
        self._path = path
        self._store_version = store_version
        self._document_version = document_version
        self._is_active = is_active
        self._responses: OrderedDict[RequestKey, RecordedResponse] = OrderedDict()
        self._expected: WeakKeyDictionary[HTTPConnection, tuple[RequestKey, Version]] = WeakKeyDictionary()
        self._keys: OrderedDict[bytes, RequestKey] = OrderedDict()
        self._unknown: WeakKeyDictionary[IOStream, bytes] = WeakKeyDictionary()

    def clear(self) -> None:
        """Keep nothing."""
        self._responses.clear()
        self._keys.clear()

    def wrap(self, router: HTTPServerConnectionDelegate) -> HTTPServerConnectionDelegate:
        """Return what answers from memory, and passes every other request to `router`."""
        return _CachingRouter(self, router)

    def create_recorder(self, request: HTTPServerRequest) -> OutputTransform:
        """Return the transform that records a response. To be added after all others, as `Application.add_transform`
        takes them.
        """
        return _Recorder(self, self._expected.pop(request.connection, None) if request.connection else None)

    def answer(self, stream: IOStream, request: bytes) -> bytes | None:
        """Return the complete response to a request whose bytes are known; None if Tornado must parse it.

        The version of the store is read after the request has arrived: a response is never older than one that its
        client, or another, has got before it sent the request.

        Args:
            stream: The connection that it has arrived on.
            request: What has arrived, from the beginning of the request on.
        """
        key = self._keys.get(request)
        if key is None:
            self._unknown[stream] = request
            return None
        response = self._find_current(key) if self._is_active() else None
        return None if response is None else response.encode()

    def find(
        self, start_line: RequestStartLine, headers: HTTPHeaders, connection: HTTPConnection
    ) -> RecordedResponse | None:
        """Return the recorded response to a request; None if its handler must answer, which is then recorded."""
        stream = connection.stream if isinstance(connection, HTTP1Connection) else None
        request = self._unknown.pop(stream, None) if stream is not None else None
        method, target, version = start_line
        if method != "GET" or version != "HTTP/1.1" or not target.startswith(self._path) or not self._is_active():
            return None
        if headers.get("Connection", "keep-alive") != "keep-alive" or any(name in headers for name in _BODY_HEADERS):
            return None
        key = (target, *map(headers.get, VARYING_HEADERS))
        if request is not None:
            self._learn(request, key)
        return self._find_current(key, connection)

    def record(self, key: RequestKey, version: Version, status: int, headers: HTTPHeaders, body: bytes) -> None:
        """Keep a response, in place of the one that was kept longest if there is no room.

        A stream that is refused (6c) is complete at once, but depends on more than the store.
        """
        if status not in _STATUSES or len(body) > _MAX_BODY_BYTES or "no-store" in headers.get("Cache-Control", ""):
            return
        start_line = ResponseStartLine("", status, HTTPStatus(status).phrase)
        self._responses[key] = RecordedResponse(version, start_line, headers.copy(), body)
        self._responses.move_to_end(key)
        if len(self._responses) > _MAX_ENTRIES:
            self._responses.popitem(last=False)

    def _find_current(self, key: RequestKey, connection: HTTPConnection | None = None) -> RecordedResponse | None:
        """Return the response that is recorded under a key, None if the store has another one by now.

        The ETag of a document contains a log position and is never used again. So a response whose document had the
        same ETag before it was made as it has now is a response with that document.

        Args:
            key: The key.
            connection: Where the handler's response is to be recorded otherwise.
        """
        response = self._responses.get(key)
        try:
            store_version = self._store_version()
            if response is not None and response.version.store == store_version:
                return response
            document = self._document_version(key[0].removeprefix(self._path + "/"))
        except Unavailable:
            return None
        version = Version(store_version, None if document is None else document.etag)
        if response is not None and document is not None and response.version.etag == document.etag:
            response.renew(version, document.position)
            return response
        if connection is not None:
            self._expected[connection] = (key, version)
        return None

    def _learn(self, request: bytes, key: RequestKey) -> None:
        """Note the key of a request's bytes, if they are its head and nothing else. The key follows from the bytes."""
        end = _HEAD_END.search(request)
        if end is None or end.end() != len(request):
            return
        self._keys[request] = key
        if len(self._keys) > _MAX_ENTRIES:
            self._keys.popitem(last=False)


def create_response_cache(application: Application, broadcaster: EventBroadcaster) -> ResponseCache:
    """Return the cache of the resource snapshots, whose responses depend on the store alone.

    While the server shuts down, or logs every request, the handlers answer. Nothing is kept of an organisation that is
    erased.
    """
    path = application.settings.prefix + REPORT_DATA_PATH
    cache = ResponseCache(
        path,
        application.database.data_version,
        application.snapshots.version,
        lambda: not broadcaster.draining and not logs_every_request(),
    )
    loop = IOLoop.current()
    application.dispatcher.subscribe_erasures(lambda _: loop.add_callback(cache.clear))
    return cache


class _Recorder(OutputTransform):
    """Records a response that is complete in its first chunk; a stream is not."""

    def __init__(self, cache: ResponseCache, expected: tuple[RequestKey, Version] | None) -> None:
        self._cache = cache
        self._expected = expected

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Record the response (Tornado's hook)."""
        if self._expected is not None and finishing:
            self._cache.record(*self._expected, status_code, headers, chunk)
        return status_code, headers, chunk


class _CachingRouter(HTTPServerConnectionDelegate):
    def __init__(self, cache: ResponseCache, router: HTTPServerConnectionDelegate) -> None:
        self._cache = cache
        self._router = router

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Return what handles one request (Tornado's hook)."""
        return _CachingDelegate(self._cache, self._router, server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Pass the end of a connection on (Tornado's hook)."""
        self._router.on_close(server_conn)


class _CachingDelegate(HTTPMessageDelegate):
    """Handles one request: by the recorded response, or by the router's delegate."""

    def __init__(
        self,
        cache: ResponseCache,
        router: HTTPServerConnectionDelegate,
        server_connection: object,
        connection: HTTPConnection,
    ) -> None:
        self._cache = cache
        self._router = router
        self._server_connection = server_connection
        self._connection = connection
        self._response: RecordedResponse | None = None
        self._delegate: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Choose how the request is answered (Tornado's hook)."""
        assert isinstance(start_line, RequestStartLine)
        self._response = self._cache.find(start_line, headers, self._connection)
        if self._response is not None:
            return None
        self._delegate = self._router.start_request(self._server_connection, self._connection)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass a part of the body on (Tornado's hook); a request with a body has a delegate."""
        return self._delegate.data_received(chunk) if self._delegate else None

    def finish(self) -> None:
        """Send the recorded response, or pass the end of the request on (Tornado's hook)."""
        if self._response is not None:
            self._response.send(self._connection)
        elif self._delegate is not None:
            self._delegate.finish()

    def on_connection_close(self) -> None:
        """Pass a connection that ends early on (Tornado's hook)."""
        if self._delegate is not None:
            self._delegate.on_connection_close()
