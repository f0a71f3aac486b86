"""The checks of a request before any handler: that it is meant for this server, and that there is room for it.

A page that rebinds its name to this address (`Host`) gets nothing but 421. A connection for which there is no room gets
503, or 429 if its client has too many; the probes and the event stream answer by themselves.
"""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from preview.core.errors import TooManyRequests, Unavailable
from preview.core.hosts import is_served_host
from preview.core.request_log import log_request
from preview.core.settings import Settings
from preview.runtime.connections import ConnectionTable

_RETRY_AFTER_SECONDS = 2


class Refusal(NamedTuple):
    """Why a request is answered before any handler. `retry_after` is None if a repetition gets the same answer."""

    status: HTTPStatus
    detail: str
    retry_after: int | None = None

    @classmethod
    def no_room(cls, error: Unavailable) -> "Refusal":
        """Return the refusal of a connection for which there is no room."""
        is_clients_own = isinstance(error, TooManyRequests)
        status = HTTPStatus.TOO_MANY_REQUESTS if is_clients_own else HTTPStatus.SERVICE_UNAVAILABLE
        return cls(status, f"{error.detail} Repeat the request after `Retry-After` seconds.", _RETRY_AFTER_SECONDS)


_MISDIRECTED = Refusal(
    HTTPStatus.MISDIRECTED_REQUEST,
    "This program is not served under the host of the request. Add the host to the setting `hosts`.",
)


class AdmittingApplication(Application):
    """Tornado's application, which answers some requests before any handler."""

    def __init__(
        self,
        rules: list[Any],
        *,
        settings: Settings,
        connections: ConnectionTable,
        api_handlers: Collection[type[RequestHandler]],
        name_route: Callable[[str], str],
    ) -> None:
        """Create the application.

        Args:
            rules: Tornado's URL rules.
            settings: The hosts that the program serves.
            connections: Says for which connections there is room.
            api_handlers: The handlers whose refusal is a problem (RFC 9457); that of the others is a line of text.
            name_route: Returns the name of a path's route for the log, if it is none of the API's.
        """
        self._listen_address = settings.address
        self._hosts = settings.hosts
        self._connections = connections
        self._api_handlers = api_handlers
        self._name_route = name_route
        super().__init__(rules, compress_response=True)

    def log_request(self, handler: RequestHandler) -> None:
        """Log a refusal (Tornado's hook); the handlers of the API log by themselves.

        One for which there is no room is not logged: the table of connections logs a summary.
        """
        if isinstance(handler, RefusalHandler) and handler.has_no_room:
            return
        request = handler.request
        route = self._name_route(request.path)
        log_request(request.method or "", route, handler.get_status(), request.request_time())

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return the handler of the route, or that of a refusal (Tornado's hook)."""
        delegate: Any = super().find_handler(request, **kwargs)
        handler = getattr(delegate, "handler_class", None)
        if (refusal := self._refusal(request, handler)) is None:
            return delegate
        arguments = {"refusal": refusal, "as_problem": handler in self._api_handlers}
        return self.get_handler_delegate(request, RefusalHandler, arguments)

    def _refusal(self, request: HTTPServerRequest, handler: object) -> Refusal | None:
        if not is_served_host(request.host, _local_address(request), self._listen_address, self._hosts):
            return _MISDIRECTED
        error = self._connections.refusal(getattr(request.connection, "stream", None))
        if error is None or getattr(handler, "serves_when_full", False):
            return None
        return Refusal.no_room(error)


class RefusalHandler(RequestHandler):
    """Answers every method with a refusal."""

    def initialize(self, refusal: Refusal, as_problem: bool) -> None:
        """Set the refusal, and whether the answer is a problem (Tornado's hook)."""
        self._refusal = refusal
        self._as_problem = as_problem

    @property
    def has_no_room(self) -> bool:
        """Return whether the reason is that there is no room."""
        return self._refusal.retry_after is not None

    def prepare(self) -> None:
        """Send the answer, and close the connection, because the request's body is not read (Tornado's hook)."""
        self.send_error(self._refusal.status)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Send the answer, for methods that Tornado does not know too (Tornado's hook)."""
        del status_code
        refusal = self._refusal
        self.set_status(refusal.status)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Connection", "close")
        if refusal.retry_after is not None:
            self.set_header("Retry-After", str(refusal.retry_after))
        if self._as_problem:
            self.set_header("Content-Type", "application/problem+json")
            self.finish(msgspec.json.encode(self._problem()))
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{refusal.status.value} {refusal.status.phrase}\n\n{refusal.detail}\n")

    def _problem(self) -> dict[str, str | int]:
        status = self._refusal.status
        problem = {"type": "about:blank", "title": status.phrase, "status": status.value}
        return problem | {"detail": self._refusal.detail, "instance": self.request.path}


def _local_address(request: HTTPServerRequest) -> str | None:
    """Return the IP address at which the connection arrived, None if it is closed already."""
    stream: Any = getattr(request.connection, "stream", None)
    try:
        return stream.socket.getsockname()[0] if stream is not None and stream.socket is not None else None
    except OSError:
        return None
