"""The check of the `Host` header, before any handler: a page that rebinds its name to this address gets nothing."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from bokeh.server.tornado import BokehTornado
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from preview.core.hosts import is_served_host
from preview.core.request_log import UNKNOWN_ROUTE, log_request
from preview.core.settings import Settings

MISDIRECTED_STATUS = 421
_DETAIL = "This program is not served under the host of the request. Add the host to the setting `hosts`."


class HostCheckedTornado(BokehTornado):
    """Bokeh's application, which answers 421 if `Host` is neither this address nor a host that the settings name."""

    def __init__(self, *args: Any, settings: Settings, **kwargs: Any) -> None:
        """Create the application; all arguments but `settings` are Bokeh's."""
        self._listen_address = settings.address
        self._hosts = settings.hosts
        self._api_handlers: Collection[type[RequestHandler]] = ()
        self._routes: list[tuple[re.Pattern[str], str]] = []
        super().__init__(*args, **kwargs)

    def set_api_handlers(self, handlers: Collection[type[RequestHandler]]) -> None:
        """Set the handlers whose 421 is a problem (RFC 9457); that of the others is a line of text."""
        self._api_handlers = handlers

    def set_routes(self, routes: Mapping[str, str]) -> None:
        """Set the names under which routes are logged, by the regular expression of their path."""
        self._routes = [(re.compile(f"{pattern}$"), name) for pattern, name in routes.items()]

    def log_request(self, handler: RequestHandler) -> None:
        """Log a request that is none of the API's (Tornado's hook); Tornado would log the query."""
        request = handler.request
        name = next((name for pattern, name in self._routes if pattern.match(request.path)), UNKNOWN_ROUTE)
        log_request(request.method or "", name, handler.get_status(), request.request_time())

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return the handler of the route, or that of 421 (Tornado's hook)."""
        delegate: Any = super().find_handler(request, **kwargs)
        if self._is_served(request):
            return delegate
        as_problem = getattr(delegate, "handler_class", None) in self._api_handlers
        return self.get_handler_delegate(request, MisdirectedHandler, {"as_problem": as_problem})

    def _is_served(self, request: HTTPServerRequest) -> bool:
        return is_served_host(request.host, _local_address(request), self._listen_address, self._hosts)


class MisdirectedHandler(RequestHandler):
    """Answers 421 for every method."""

    def initialize(self, as_problem: bool) -> None:
        """Set whether the answer is a problem (Tornado's hook)."""
        self._as_problem = as_problem

    def prepare(self) -> None:
        """Send the answer, and close the connection, because the request's body is not read (Tornado's hook)."""
        self.send_error(MISDIRECTED_STATUS)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Send the answer, for methods that Tornado does not know too (Tornado's hook)."""
        del status_code
        self.set_status(MISDIRECTED_STATUS)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Connection", "close")
        if self._as_problem:
            self.set_header("Content-Type", "application/problem+json")
            self.finish(msgspec.json.encode(self._problem()))
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"421 Misdirected Request\n\n{_DETAIL}\n")

    def _problem(self) -> dict[str, str | int]:
        title = "Misdirected Request"
        problem = {"type": "about:blank", "title": title, "status": MISDIRECTED_STATUS, "detail": _DETAIL}
        return problem | {"instance": self.request.path}


def _local_address(request: HTTPServerRequest) -> str | None:
    """Return the IP address at which the connection arrived, None if it is closed already."""
    stream: Any = getattr(request.connection, "stream", None)
    try:
        return stream.socket.getsockname()[0] if stream is not None and stream.socket is not None else None
    except OSError:
        return None
