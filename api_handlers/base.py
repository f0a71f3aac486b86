"""What every handler does alike: who may read it, what it takes and gives, and how an answer is written (contract, HTTP habits)."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import ParamSpec, TypeVar

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.web import HTTPError, RequestHandler, stream_request_body

from api_handlers import content_negotiation, problem_details
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.operations import METHODS, declared_operation
from api_handlers.pagination import Pagination, link_header
from api_handlers.problem_details import MethodNotAllowed, NotAcceptable, UnsupportedMediaType
from api_handlers.request_parsing import PageParams, parse_body, parse_query
from preview.core.errors import FieldError, PayloadTooLarge, PreviewError, Unavailable, ValidationError
from preview.runtime.application import Application
from preview.runtime.idempotency import StoredResponse

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=msgspec.Struct)

_access_log = logging.getLogger(__name__)

API_PATH = "/api/v1"
REPORT_DATA_PATH = f"{API_PATH}/aggregated-report-data"

MAX_BODY_BYTES = 64 * 1024
"""No body that these resources take comes near it."""

MAX_DISCARDED_BYTES = 16 * 1024 * 1024
"""A larger body than allowed is read over up to here, so that its sender can read the answer; past it the connection is closed."""

MAX_IDEMPOTENCY_KEY_LENGTH = 255
MAX_ACTOR_LENGTH = 200


@stream_request_body
class ApiHandler(RequestHandler):
    """A resource. Its methods carry `@operation`; HEAD, OPTIONS, 405 and problems come from here."""

    serves_while_draining = False

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Tornado's hook; `preview` is the domain (`self.application` is Tornado's own)."""
        self.services = services
        self.configuration = services.settings
        self.broadcaster = broadcaster
        self._body = bytearray()
        self._received_bytes = 0
        self._can_keep_alive = False

    def set_default_headers(self) -> None:
        """Tornado's hook."""
        headers = self._headers
        headers["Content-Type"] = "application/json"
        headers["Cache-Control"] = "no-cache"
        headers["X-Content-Type-Options"] = "nosniff"

    def prepare(self) -> None:
        """Tornado's hook, before the body arrives. Raises `TooLarge` where one is announced that is not waited for."""
        if self.services.settings.cors_origins:
            self._set_cors_headers()
        headers = self.request.headers
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            self._apply_body_limit(headers.get("Content-Length", ""))
        self._can_keep_alive = True

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Tornado's hook: keeps what is allowed, reads over the rest."""
        self._received_bytes += len(chunk)
        if self._received_bytes <= MAX_BODY_BYTES:
            self._body += chunk
        elif self._received_bytes > MAX_DISCARDED_BYTES and not self._finished:
            self._can_keep_alive = False
            self.send_problem(PayloadTooLarge("The body is over the limit."))
        return None

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Tornado's hook: an id that is no UTF-8 is an unknown one."""
        return value.decode(errors="replace")

    def head(self, *arguments: str) -> Awaitable[None] | None:
        """As GET; Tornado leaves the body out."""
        return self.get(*arguments)

    def options(self, *_: str) -> None:
        """What the resource takes, for a browser's preflight too."""
        self.set_status(204)
        self.set_header("Allow", self._allowed_methods())
        if "Access-Control-Allow-Origin" in self._headers:
            self._set_headers(content_negotiation.preflight_headers(self._allowed_methods()))
        self.finish()

    @property
    def actor(self) -> str:
        """Who makes a change: what the trusted proxy says, else this door (contract, Actor)."""
        header = self.services.settings.actor_header
        name = self.request.headers.get(header, "").strip() if header else ""
        with suppress(UnicodeError):
            name = name.encode("latin-1").decode()
        return name[:MAX_ACTOR_LENGTH] or "api"

    @property
    def body_limit(self) -> int:
        """Bytes that a body may have."""
        return MAX_BODY_BYTES

    @property
    def request_hash(self) -> bytes:
        """The same for the same body."""
        return hashlib.sha256(self._body).digest()

    async def run_blocking(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a noun's method, which blocks, on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.services.read_executor, partial(function, *args, **kwargs))

    def check_serving(self) -> None:
        """Raises `Unavailable` while the program stops."""
        if self.broadcaster.draining and not self.serves_while_draining:
            raise Unavailable("The server is stopping.")

    def check_accept(self, media_type: str) -> None:
        """Raises `NotAcceptable` where `Accept` leaves the type out."""
        accept = self.request.headers.get("Accept")
        if accept and accept != "*/*" and not content_negotiation.accepts(accept, media_type):
            raise NotAcceptable(f"This resource is given as {media_type}.")

    def parse_query(self, struct_type: type[T]) -> T:
        """Raises `Invalid`."""
        return parse_query(struct_type, self.request.query)

    def parse_body(self, struct_type: type[T]) -> T:
        """Raises `UnsupportedMediaType`, `TooLarge`, `NotJson` and `Invalid`."""
        if not content_negotiation.is_json(self.request.headers):
            raise UnsupportedMediaType("The body must be application/json in UTF-8, without a coding.")
        if self._received_bytes > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body is over the limit of {MAX_BODY_BYTES} bytes.")
        return parse_body(struct_type, bytes(self._body))

    def external_path(self, path: str) -> str:
        """A path of ours as a client sees it, behind the prefix."""
        return self.services.settings.prefix + path

    def send_json(self, document: msgspec.Struct, status: int = 200, *, last_event_id: int | None = None) -> None:
        """Sends a document. `place` is the place in the event log that it reflects (contract H1)."""
        self.set_status(status)
        if last_event_id is not None:
            self.set_header("Last-Event-ID", str(last_event_id))
        self.finish(msgspec.json.encode(document))

    def paginate(self, path: str, params: PageParams, total: int) -> Pagination:
        """Sets `Link` (RFC 8288) for a list at `path`; returns where the page lies."""
        self.set_header("Link", link_header(self.external_path(path), params, total))
        return Pagination(params.page, params.limit, total)

    def idempotency_key(self) -> str | None:
        """As given. Raises `Invalid`."""
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH:
            raise ValidationError(
                "The Idempotency-Key breaks a rule.",
                [FieldError("", f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters")],
            )
        return key

    async def respond_idempotently(self, scope: str, action: Callable[[], StoredResponse]) -> None:
        """Sends what `act` answers; with an `Idempotency-Key` that has been answered before, the first answer again (contract H3).

        `act` runs on a thread. Raises what it raises, `Conflict` and `Invalid` (E3).
        """
        key = self.idempotency_key()
        response = await self.run_blocking(
            action if key is None else partial(self.services.idempotency.run_once, scope, key, self.request_hash, action)
        )
        self.set_status(response.status)
        if response.location:
            self.set_header("Location", response.location)
        self.finish(response.body)

    def _log(self) -> None:
        """Tornado's hook: which resource, and never what a client wrote into its address."""
        status = self.get_status()
        level = logging.WARNING if status >= 500 else logging.INFO if status >= 400 else logging.DEBUG
        if _access_log.isEnabledFor(level):
            _access_log.log(level, "%s %s %d %.1f ms", self.request.method, type(self).__name__, status, 1000 * self.request.request_time())

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Tornado's hook: every error as a problem."""
        match kwargs.get("exc_info"):
            case (_, BaseException() as error, _):
                self.send_problem(error)
            case _:
                self.send_problem(HTTPError(status_code))

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Tornado's hook. What becomes a problem is logged there; only what can no longer be answered is left."""
        if self._headers_written and isinstance(value, Exception) and not isinstance(value, PreviewError):
            problem_details.log_internal_error(value)

    def send_problem(self, error: BaseException) -> None:
        if isinstance(error, HTTPError) and error.status_code == 405:
            error = MethodNotAllowed(self._allowed_methods())
        response = problem_details.to_problem(error, self.request.path)
        self.set_status(response.status)
        self._set_headers(response.headers)
        if self.services.settings.cors_origins:
            self._set_cors_headers()
        if not self._can_keep_alive:
            # Tornado closes the connection of a request that is answered before it is read, and would not say so.
            self.set_header("Connection", "close")
        self.finish(response.body)

    def _apply_body_limit(self, content_length: str) -> None:
        """Lets the body in, as a larger one is refused here and not by Tornado, which would answer without a problem."""
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.set_max_body_size(2**62)
        discard_limit = 0 if "Expect" in self.request.headers else MAX_DISCARDED_BYTES
        if content_length.isdecimal() and int(content_length) > max(self.body_limit, discard_limit):
            raise PayloadTooLarge(f"The body is over the limit of {self.body_limit} bytes.")

    def _set_cors_headers(self) -> None:
        self._set_headers(content_negotiation.cors_headers(self.request.headers.get("Origin"), self.services.settings.cors_origins))

    def _set_headers(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.set_header(name, value)

    @classmethod
    def _allowed_methods(cls) -> str:
        declared = [method.upper() for method in METHODS if declared_operation(cls, method)]
        return ", ".join(sorted([*declared, *(["HEAD"] if "GET" in declared else []), "OPTIONS"]))
