"""HTTP behaviour of every API response: headers, HEAD, OPTIONS, CORS, problem details and the log of requests."""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application as TornadoApplication
from tornado.web import HTTPError, RequestHandler

from api_handlers import cors, problem_details
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.operations import allowed_methods, declared_operation
from api_handlers.problem_details import MethodNotAllowed
from preview.core.actor import actor_of
from preview.core.errors import PreviewError
from preview.core.request_log import UNKNOWN_ROUTE, log_request
from preview.runtime.application import Application

_CHANGING_METHODS = ("POST", "PUT", "DELETE")


class HttpHandler(RequestHandler):
    """Part of `ApiHandler` that does not depend on the request's body."""

    serves_when_full = False
    """Whether the resource answers by itself on a connection for which the server has no room."""

    def __init__(
        self, application: TornadoApplication, request: HTTPServerRequest, *, route: str = UNKNOWN_ROUTE, **kwargs: Any
    ) -> None:
        """Create the handler of a request.

        Args:
            application: Tornado's own.
            request: The request.
            route: The path of the route, with the names of its parameters, for the log.
            **kwargs: The arguments of `initialize`.
        """
        self._route = route
        self._changed_id = ""
        super().__init__(application, request, **kwargs)

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Set the dependencies (Tornado's hook); `self.application` is Tornado's own."""
        self.services = services
        self.configuration = services.settings
        self.broadcaster = broadcaster
        self._can_keep_alive = False

    @property
    def actor(self) -> str:
        """Return the name that is recorded with a change: that of the trusted proxy's header, else the entry point."""
        return actor_of(self.request.headers, self.services.settings.actor_header, self.entry_point)

    @property
    def is_actor_named(self) -> bool:
        """Return whether the trusted proxy has named a person."""
        header = self.services.settings.actor_header
        return header is not None and actor_of(self.request.headers, header, "") != ""

    @property
    def entry_point(self) -> str:
        """Return the actor of a request without the proxy's header."""
        return "api"

    def set_default_headers(self) -> None:
        """Set the headers of every response (Tornado's hook)."""
        headers = self._headers
        headers["Content-Type"] = "application/json"
        headers["Cache-Control"] = "private, no-cache"
        headers["X-Content-Type-Options"] = "nosniff"

    def head(self, *arguments: str) -> Awaitable[None] | None:
        """Answer like GET; Tornado omits the body."""
        return self.get(*arguments)

    def options(self, *_: str) -> None:
        """Answer with the methods of the resource, and a preflight of an allowed origin."""
        methods = allowed_methods(type(self))
        self.set_status(204)
        self.set_header("Allow", methods)
        if "Access-Control-Allow-Origin" in self._headers:
            self._set_headers(cors.preflight_headers(methods))
        self.finish()

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Send every error as a problem (Tornado's hook)."""
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The process ends before the operation has. Its outcome is not known, so no answer would be true.
            self.detach().close()
            return
        match kwargs.get("exc_info"):
            case (_, BaseException() as error, _):
                self.send_problem(error)
            case _:
                self.send_problem(HTTPError(status_code))

    def send_problem(self, error: BaseException) -> None:
        """Send the problem that answers an exception, and finish the response."""
        if isinstance(error, HTTPError) and error.status_code == 405:
            error = self.method_error()
        response = problem_details.to_problem(error, self.request.path)
        self.set_status(response.status)
        self._set_headers(response.headers)
        self._set_cors_headers()
        if not self._can_keep_alive:
            # Tornado closes the connection of a request that is answered before it is read, without announcing it.
            self.set_header("Connection", "close")
        self.finish(response.body)

    def method_error(self) -> PreviewError:
        """Return the error of a method that the resource does not support."""
        return MethodNotAllowed(allowed_methods(type(self)))

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Log an internal error after the headers were sent (Tornado's hook); `to_problem` logs the others."""
        if self._headers_written and isinstance(value, Exception) and not isinstance(value, PreviewError):
            problem_details.log_internal_error(value)

    def _log(self) -> None:
        """Log the request, and who has asked for a change (Tornado's hook)."""
        method = self.request.method or ""
        is_change = method in _CHANGING_METHODS and declared_operation(type(self), method.lower()) is not None
        log_request(
            method,
            self._route,
            self.get_status(),
            self.request.request_time(),
            actor=self.actor if is_change else "",
            changed_id=self._changed_id,
        )

    def _set_cors_headers(self) -> None:
        if allowed_origins := self.services.settings.cors_origins:
            self._set_headers(cors.cors_headers(self.request.headers.get("Origin"), allowed_origins))

    def _set_headers(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.set_header(name, value)
