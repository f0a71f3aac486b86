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
from api_handlers.event_broadcaster import Broadcaster
from api_handlers.operations import METHODS, operation_of
from api_handlers.pagination import Pagination, links
from api_handlers.problem_details import MethodNotAllowed, NotAcceptable, UnsupportedMediaType
from api_handlers.request_parsing import Paging, parse_body, parse_query
from preview.core.errors import Fault, Invalid, NotFound, PreviewError, TooLarge, Unavailable
from preview.runtime.application import Application
from preview.runtime.idempotency import Answer

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=msgspec.Struct)

_access = logging.getLogger(__name__)

API = "/api/v1"
REPORT_DATA = f"{API}/aggregated-report-data"

MAX_BODY_BYTES = 64 * 1024
"""No body that these resources take comes near it."""

MAX_DISCARDED_BYTES = 16 * 1024 * 1024
"""A larger body than allowed is read over up to here, so that its sender can read the answer; past it the connection is closed."""

MAX_KEY_LENGTH = 255
MAX_ACTOR_LENGTH = 200


@stream_request_body
class Handler(RequestHandler):
    """A resource. Its methods carry `@operation`; HEAD, OPTIONS, 405 and problems come from here."""

    serves_while_draining = False

    def initialize(self, preview: Application, broadcaster: Broadcaster) -> None:
        """Tornado's hook; `preview` is the domain (`self.application` is Tornado's own)."""
        self.preview = preview
        self.configuration = preview.settings
        self.broadcaster = broadcaster
        self._body = bytearray()
        self._received = 0
        self._may_read_on = False

    def set_default_headers(self) -> None:
        """Tornado's hook."""
        headers = self._headers
        headers["Content-Type"] = "application/json"
        headers["Cache-Control"] = "no-cache"
        headers["X-Content-Type-Options"] = "nosniff"

    def prepare(self) -> None:
        """Tornado's hook, before the body arrives. Raises `TooLarge` where one is announced that is not waited for."""
        if self.preview.settings.cors_origins:
            self._allow_origin()
        headers = self.request.headers
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            self._expect_body(headers.get("Content-Length", ""))
        self._may_read_on = True

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Tornado's hook: keeps what is allowed, reads over the rest."""
        self._received += len(chunk)
        if self._received <= MAX_BODY_BYTES:
            self._body += chunk
        elif self._received > MAX_DISCARDED_BYTES and not self._finished:
            self._may_read_on = False
            self._refuse(TooLarge("The body is over the limit."))
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
        self.set_header("Allow", self._allowed())
        if "Access-Control-Allow-Origin" in self._headers:
            self._set_headers(content_negotiation.preflight_headers(self._allowed()))
        self.finish()

    @property
    def actor(self) -> str:
        """Who makes a change: what the trusted proxy says, else this door (contract, Actor)."""
        header = self.preview.settings.actor_header
        named = self.request.headers.get(header, "").strip() if header else ""
        with suppress(UnicodeError):
            named = named.encode("latin-1").decode()
        return named[:MAX_ACTOR_LENGTH] or "api"

    @property
    def body_limit(self) -> int:
        """Bytes that a body may have."""
        return MAX_BODY_BYTES

    @property
    def body_digest(self) -> bytes:
        """The same for the same body."""
        return hashlib.sha256(self._body).digest()

    async def call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a noun's method, which blocks, on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.preview.executor, partial(work, *args, **kwargs))

    def check_serving(self) -> None:
        """Raises `Unavailable` while the program stops."""
        if self.broadcaster.draining and not self.serves_while_draining:
            raise Unavailable("The server is stopping.")

    def check_accept(self, media_type: str) -> None:
        """Raises `NotAcceptable` where `Accept` leaves the type out."""
        accept = self.request.headers.get("Accept")
        if accept and accept != "*/*" and not content_negotiation.accepts(accept, media_type):
            raise NotAcceptable(f"This resource is given as {media_type}.")

    def parse_query(self, kind: type[T]) -> T:
        """Raises `Invalid`."""
        return parse_query(kind, self.request.query)

    def parse_body(self, kind: type[T]) -> T:
        """Raises `UnsupportedMediaType`, `TooLarge`, `NotJson` and `Invalid`."""
        if not content_negotiation.is_json(self.request.headers):
            raise UnsupportedMediaType("The body must be application/json in UTF-8, without a coding.")
        if self._received > MAX_BODY_BYTES:
            raise TooLarge(f"The body is over the limit of {MAX_BODY_BYTES} bytes.")
        return parse_body(kind, bytes(self._body))

    def url(self, path: str) -> str:
        """A path of ours as a client sees it, behind the prefix."""
        return self.preview.settings.prefix + path

    def reply(self, document: msgspec.Struct, status: int = 200, *, place: int | None = None) -> None:
        """Sends a document. `place` is the place in the event log that it reflects (contract H1)."""
        self.set_status(status)
        if place is not None:
            self.set_header("Last-Event-ID", str(place))
        self.finish(msgspec.json.encode(document))

    def link_pages(self, path: str, query: Paging, total: int) -> Pagination:
        """Sets `Link` (RFC 8288) for a list at `path`; returns where the page lies."""
        self.set_header("Link", links(self.url(path), query, total))
        return Pagination(query.page, query.limit, total)

    def idempotency_key(self) -> str | None:
        """As given. Raises `Invalid`."""
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not 1 <= len(key) <= MAX_KEY_LENGTH:
            raise Invalid("The Idempotency-Key breaks a rule.", [Fault("", f"Idempotency-Key must have 1 to {MAX_KEY_LENGTH} characters")])
        return key

    async def answer_once(self, door: str, act: Callable[[], Answer]) -> None:
        """Sends what `act` answers; with an `Idempotency-Key` that has been answered before, the first answer again (contract H3).

        `act` runs on a thread. Raises what it raises, `Conflict` and `Invalid` (E3).
        """
        key = self.idempotency_key()
        answer = await self.call(act if key is None else partial(self.preview.idempotency.once, door, key, self.body_digest, act))
        self.set_status(answer.status)
        if answer.location:
            self.set_header("Location", answer.location)
        self.finish(answer.body)

    def _log(self) -> None:
        """Tornado's hook: which resource, and never what a client wrote into its address."""
        status = self.get_status()
        level = logging.WARNING if status >= 500 else logging.INFO if status >= 400 else logging.DEBUG
        if _access.isEnabledFor(level):
            _access.log(level, "%s %s %d %.1f ms", self.request.method, type(self).__name__, status, 1000 * self.request.request_time())

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Tornado's hook: every error as a problem."""
        match kwargs.get("exc_info"):
            case (_, BaseException() as error, _):
                self._refuse(error)
            case _:
                self._refuse(HTTPError(status_code))

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Tornado's hook. What becomes a problem is logged there; only what can no longer be answered is left."""
        if self._headers_written and isinstance(value, Exception) and not isinstance(value, PreviewError):
            problem_details.log(value)

    def _refuse(self, error: BaseException) -> None:
        if isinstance(error, HTTPError) and error.status_code == 405:
            error = MethodNotAllowed(self._allowed())
        answer = problem_details.answer(error, self.request.path)
        self.set_status(answer.status)
        self._set_headers(answer.headers)
        if self.preview.settings.cors_origins:
            self._allow_origin()
        if not self._may_read_on:
            # Tornado closes the connection of a request that is answered before it is read, and would not say so.
            self.set_header("Connection", "close")
        self.finish(answer.body)

    def _expect_body(self, length: str) -> None:
        """Lets the body in, as a larger one is refused here and not by Tornado, which would answer without a problem."""
        if isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.set_max_body_size(2**62)
        least = 0 if "Expect" in self.request.headers else MAX_DISCARDED_BYTES
        if length.isdecimal() and int(length) > max(self.body_limit, least):
            raise TooLarge(f"The body is over the limit of {self.body_limit} bytes.")

    def _allow_origin(self) -> None:
        self._set_headers(content_negotiation.origin_headers(self.request.headers.get("Origin"), self.preview.settings.cors_origins))

    def _set_headers(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.set_header(name, value)

    @classmethod
    def _allowed(cls) -> str:
        taken = [method.upper() for method in METHODS if operation_of(cls, method)]
        return ", ".join(sorted([*taken, *(["HEAD"] if "GET" in taken else []), "OPTIONS"]))


class NoSuchResource(Handler):
    """Every path of the API that no route names."""

    def get(self, *_: str) -> None:
        """Raises `NotFound`."""
        raise NotFound("There is no such resource.")

    post = put = patch = delete = get

    def options(self, *_: str) -> None:
        """Raises `NotFound`."""
        raise NotFound("There is no such resource.")
