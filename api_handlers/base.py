"""Base class of all API handlers: body limits, content negotiation, parsing, pagination and idempotency.

The rules are those of docs/api.md: E1 to E4 (errors) and H1 to H3 (HTTP habits).
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import ParamSpec, TypeVar

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.web import stream_request_body

from api_handlers import content_negotiation
from api_handlers.content_negotiation import CSV_MEDIA_TYPE
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.http_handler import HttpHandler
from api_handlers.idempotency import parse_idempotency_key
from api_handlers.pagination import Pagination, link_header
from api_handlers.problem_details import NotAcceptable, UnsupportedMediaType
from api_handlers.request_parsing import PageParams, parse_body, parse_query
from preview.core.errors import PayloadTooLarge, Unavailable
from preview.runtime.application import Application
from preview.runtime.idempotency import Change, KeyedRequest, StoredResponse
from preview.storage.idempotency import always
from preview.views.spreadsheet import records_to_csv

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=msgspec.Struct)

API_PATH = "/api/v1"
REPORT_DATA_PATH = f"{API_PATH}/aggregated-report-data"

MAX_BODY_BYTES = 64 * 1024
"""Limit of a JSON body. No valid one comes near it."""

MAX_DISCARDED_BYTES = 16 * 1024 * 1024
"""A rejected body is read and discarded up to this size, so that the client can read the response."""


@stream_request_body
class ApiHandler(HttpHandler):
    """Base class of a resource: a subclass declares its methods with `@operation`."""

    serves_while_draining = False
    """Whether the resource answers while the program shuts down."""

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Set the dependencies (Tornado's hook)."""
        super().initialize(services, broadcaster)
        self._body = bytearray()
        self._received_bytes = 0
        self._is_in_progress = False

    def prepare(self) -> None:
        """Check the announced size before the body arrives (Tornado's hook); may raise `PayloadTooLarge`."""
        self._set_cors_headers()
        headers = self.request.headers
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            self._apply_body_limit(headers.get("Content-Length", ""))
        self._can_keep_alive = True

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Keep a chunk of the body up to the limit, and discard the rest (Tornado's hook)."""
        self._received_bytes += len(chunk)
        if self._received_bytes <= MAX_BODY_BYTES:
            self._body += chunk
        else:
            self._check_discarded(self._received_bytes, self._body_too_large())
        return None

    def on_finish(self) -> None:
        """Count the request no longer (Tornado's hook)."""
        self._end_operation()

    def on_connection_close(self) -> None:
        """Count the request no longer, because nobody waits for its response (Tornado's hook)."""
        super().on_connection_close()
        self._end_operation()

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Return a path argument (Tornado's hook); one that is not UTF-8 becomes an unknown id, not an error."""
        return value.decode(errors="replace")

    @property
    def body_limit(self) -> int:
        """Return the largest size of a body, in bytes."""
        return MAX_BODY_BYTES

    @property
    def request_hash(self) -> bytes:
        """Return a digest that is equal for equal requests (rule H3)."""
        return hashlib.sha256(self._body).digest()

    async def run_blocking(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking method of a service on a thread and return its result."""
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.services.read_executor, call)

    def begin_operation(self) -> None:
        """Let the shutdown wait for the response; raise `Unavailable` while the program shuts down."""
        self.check_serving()
        if not self.serves_while_draining:
            self._is_in_progress = True
            self.services.requests.begin()

    def check_serving(self) -> None:
        """Raise `Unavailable` while the program shuts down."""
        if self.broadcaster.draining and not self.serves_while_draining:
            self._can_keep_alive = False
            raise Unavailable("The server is shutting down. Repeat the request after `Retry-After` seconds.")

    def check_accept(self, *media_types: str) -> None:
        """Raise `NotAcceptable` if `Accept` excludes all of the media types."""
        accept = self.request.headers.get("Accept")
        if len(media_types) > 1:
            self.add_header("Vary", "Accept")
        if accept and accept != "*/*" and not any(content_negotiation.accepts(accept, each) for each in media_types):
            raise NotAcceptable(f"This resource is sent as {' or '.join(media_types)}. Add that to `Accept`.")

    @property
    def prefers_csv(self) -> bool:
        """Return whether the client likes CSV better than JSON, for a resource that is sent as both."""
        types = (content_negotiation.JSON_MEDIA_TYPE, CSV_MEDIA_TYPE)
        return content_negotiation.preferred(self.request.headers.get("Accept"), types) == CSV_MEDIA_TYPE

    def parse_query(self, struct_type: type[T]) -> T:
        """Return the query as a `struct_type`; raise `ValidationError` if it is invalid."""
        return parse_query(struct_type, self.request.query)

    def parse_body(self, struct_type: type[T]) -> T:
        """Return the JSON body as a `struct_type`.

        Raises:
            UnsupportedMediaType: It is not declared as JSON in UTF-8, or is compressed.
            PayloadTooLarge: It is over the limit.
            MalformedJson, ValidationError: As `request_parsing.parse_body`.
        """
        if not content_negotiation.is_json(self.request.headers):
            raise UnsupportedMediaType(
                "The body is not declared as JSON in UTF-8. Send `Content-Type: application/json`, uncompressed."
            )
        if self._received_bytes > MAX_BODY_BYTES:
            raise self._body_too_large()
        return parse_body(struct_type, bytes(self._body))

    def external_path(self, path: str) -> str:
        """Return a path of the API as a client sees it: with the setting `prefix`."""
        return self.services.settings.prefix + path

    def send_json(self, document: msgspec.Struct, status: int = 200, *, last_event_id: int | None = None) -> None:
        """Send a document.

        Args:
            document: The body.
            status: The status of the response.
            last_event_id: The log position that the document reflects, sent as `Last-Event-ID` (rule H1).
        """
        self.set_status(status)
        if last_event_id is not None:
            self.set_header("Last-Event-ID", str(last_event_id))
        self.finish(msgspec.json.encode(document))

    def send_csv(
        self, row_type: type[msgspec.Struct], rows: Iterable[msgspec.Struct], *, last_event_id: int | None = None
    ) -> None:
        """Send rows as CSV instead of JSON: a head line with the keys of `row_type`, then a line for each row.

        Args:
            row_type: The type of the rows; its fields are scalars.
            rows: The rows.
            last_event_id: The log position that they reflect.
        """
        if last_event_id is not None:
            self.set_header("Last-Event-ID", str(last_event_id))
        self.set_header("Content-Type", f"{CSV_MEDIA_TYPE}; charset=utf-8; header=present")
        self.finish(records_to_csv(row_type, rows))

    def send_versioned(self, body: bytes, etag: str) -> None:
        """Send a document that has an ETag of its own, or 304 if the client has this version (rule H1)."""
        self.set_header("Etag", etag)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(body)

    def paginate(self, path: str, params: PageParams, total: int) -> Pagination:
        """Set the `Link` header of a list and return the position of the page.

        Args:
            path: Path of the list, without the setting `prefix`.
            params: The query, filters included.
            total: Number of items on all pages.
        """
        self.set_header("Link", link_header(self.external_path(path), params, total))
        return Pagination(params.page, params.limit, total)

    async def respond_idempotently(
        self, scope: str, change: Change[R], to_response: Callable[[R], StoredResponse]
    ) -> None:
        """Send the response of a change, or the stored one if the request's `Idempotency-Key` has one (rule H3).

        Args:
            scope: Keys of different scopes are independent.
            change: Calls the service, and passes it the `once` that it is given; runs on a thread.
            to_response: Makes the response from what the service returns; runs on a thread.

        Raises:
            Conflict: The first request with this key still runs.
            ValidationError: The key is invalid, or was used with another body.
        """
        key = parse_idempotency_key(self.request.headers)
        if key is None:
            response = await self.run_blocking(lambda: to_response(change(always)))
        else:
            request = KeyedRequest(scope, key, self.request_hash)
            response = await self.run_blocking(self.services.idempotency.run_once, request, change, to_response)
        self.set_status(response.status)
        if response.location:
            self.set_header("Location", response.location)
            self._changed_id = response.location.rpartition("/")[2]
        self.finish(response.body)

    def _end_operation(self) -> None:
        if self._is_in_progress:
            self._is_in_progress = False
            self.services.requests.end()

    def _apply_body_limit(self, content_length: str) -> None:
        """Lift Tornado's own limit, which is answered without a problem, and check the announced size instead."""
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.set_max_body_size(2**62)
        discard_limit = 0 if "Expect" in self.request.headers else MAX_DISCARDED_BYTES
        if content_length.isdecimal() and int(content_length) > max(self.body_limit, discard_limit):
            raise self._body_too_large()

    def _body_too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(f"The body is over the limit of {self.body_limit} bytes. Send less at once.")

    def _check_discarded(self, discarded_bytes: int, error: Exception) -> None:
        """Answer at once, and close the connection, when too much of a rejected body was discarded."""
        if discarded_bytes > MAX_DISCARDED_BYTES and not self._finished:
            self._can_keep_alive = False
            self.send_problem(error)
