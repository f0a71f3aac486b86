"""The HTTP server: the API at once, and the dashboard as soon as it is loaded, on one port.

Importing Panel and what it needs takes most of the time of a start. Programs and probes do not wait for that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from socket import socket
from typing import Any, Protocol, cast

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream
from tornado.routing import AnyMatches, Router, Rule
from tornado.web import OutputTransform

from components.admission import AdmittingApplication
from components.http_server import ACCEPT_STEP, BoundedHTTPServer
from components.response_transforms import EntityTagPerCoding, SecurityHeaders
from components.session_key import load_or_create_session_key
from preview.core.request_log import UNKNOWN_ROUTE
from preview.runtime.application import Application

Route = tuple[Any, ...]


class ResponseCaching(Protocol):
    """What answers requests before any handler does; `api_handlers.response_cache.ResponseCache` implements it."""

    def wrap(self, router: HTTPServerConnectionDelegate) -> HTTPServerConnectionDelegate:
        """Return what answers some requests, and passes the others to `router`."""
        ...

    def answer(self, stream: IOStream, request: bytes) -> bytes | None:
        """Return the response to a request as it arrived, None if Tornado must parse it."""
        ...

    def create_recorder(self, request: HTTPServerRequest) -> OutputTransform:
        """Return the transform that sees every response last."""
        ...


class Dashboard(Protocol):
    """What answers every request that is none of the API's; `components.dashboard` creates it."""

    def find_handler(self, request: HTTPServerRequest) -> HTTPMessageDelegate | None:
        """Return what answers a request."""
        ...

    def name_route(self, path: str) -> str:
        """Return the name of a path's route, for the log."""
        ...

    def stop(self) -> None:
        """End the sessions."""
        ...


DashboardFactory = Callable[[Application, bytes], Dashboard]
"""Creates the dashboard on the current event loop, from the services and the key that signs sessions."""


class Server:
    """Serves on the current event loop from its creation on, until `stop`."""

    def __init__(
        self,
        application: Application,
        api_routes: Sequence[Route],
        sockets: list[socket],
        response_cache: ResponseCaching,
    ) -> None:
        """Serve the API; requests for the dashboard wait for `load_dashboard`.

        Args:
            application: The services; it must have been started.
            api_routes: The API's Tornado routes, with paths below the URL prefix.
            sockets: Listening sockets, which may share their port with other processes.
            response_cache: Answers requests before the handlers do.

        Raises:
            StoreError: If the key of the sessions cannot be used.
        """
        settings = application.settings
        self._application = application
        self._session_key = load_or_create_session_key(settings.data_dir)
        self._dashboard = _DashboardRouter()
        tornado_app = AdmittingApplication(
            [
                *((settings.prefix + pattern, *rest) for pattern, *rest in api_routes),
                Rule(AnyMatches(), self._dashboard),
            ],
            settings=settings,
            connections=application.connections,
            api_handlers={route[1] for route in api_routes},
            name_route=self._dashboard.name_route,
        )
        tornado_app.add_transform(EntityTagPerCoding)
        tornado_app.add_transform(SecurityHeaders)
        tornado_app.add_transform(cast(Any, response_cache.create_recorder))
        self._http_server = BoundedHTTPServer(
            response_cache.wrap(tornado_app),
            settings=settings,
            connections=application.connections,
            fault=application.worker.faults.step(ACCEPT_STEP),
            answer=response_cache.answer,
        )
        self._http_server.add_sockets(sockets)

    async def load_dashboard(self, load: Callable[[], DashboardFactory]) -> None:
        """Open the dashboard, and answer the requests that have waited for it.

        Args:
            load: Imports the dashboard, on a thread, and returns what creates it.
        """
        create = await asyncio.to_thread(load)
        self._dashboard.loaded.set_result(create(self._application, self._session_key))

    def stop(self) -> None:
        """End the sessions, and accept no more connections."""
        if self._dashboard.loaded.done():
            self._dashboard.loaded.result().stop()
        self._http_server.stop()

    async def close_connections(self) -> None:
        """Close the connections that are left after `stop`, when the requests in progress have been answered."""
        await self._http_server.close_connections()


class _DashboardRouter(Router):
    """Passes requests on to the dashboard; `loaded` is the future of that."""

    def __init__(self) -> None:
        self.loaded: asyncio.Future[Dashboard] = asyncio.get_running_loop().create_future()

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate | None:
        """Return what answers a request (Tornado's hook)."""
        if self.loaded.done():
            return self.loaded.result().find_handler(request)
        return _EarlyRequest(request, self.loaded)

    def name_route(self, path: str) -> str:
        return self.loaded.result().name_route(path) if self.loaded.done() else UNKNOWN_ROUTE


class _EarlyRequest(HTTPMessageDelegate):
    """A request that came before the dashboard was loaded. Tornado reads its body when `headers_received` is done."""

    def __init__(self, request: HTTPServerRequest, loaded: asyncio.Future[Dashboard]) -> None:
        self._request = request
        self._loaded = loaded
        self._delegate: HTTPMessageDelegate | None = None

    async def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        dashboard = await asyncio.shield(self._loaded)
        self._delegate = dashboard.find_handler(self._request)
        if self._delegate is not None and (result := self._delegate.headers_received(start_line, headers)) is not None:
            await result

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk) if self._delegate else None

    def finish(self) -> None:
        if self._delegate is not None:
            self._delegate.finish()

    def on_connection_close(self) -> None:
        if self._delegate is not None:
            self._delegate.on_connection_close()
