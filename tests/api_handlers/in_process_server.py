"""API server on a thread of this process, over a real store, for tests that also use the services behind it."""

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from tornado.netutil import bind_sockets
from tornado.web import Application as TornadoApplication

from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.response_cache import create_response_cache
from api_handlers.routes import build_routes
from components.http_server import ACCEPT_STEP, BoundedHTTPServer
from components.response_transforms import EntityTagPerCoding, SecurityHeaders
from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.support import pipeline
from tests.support.pipeline import open_application

TIMEOUT_SECONDS = 20.0


class InProcessServer:
    """A running server; `url` has no trailing slash, `application` has the services behind it."""

    def __init__(
        self, application: Application, port: int, loop: asyncio.AbstractEventLoop, broadcaster: EventBroadcaster
    ) -> None:
        self.application = application
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._loop = loop
        self._broadcaster = broadcaster

    def client(self) -> httpx.Client:
        """Return an HTTP client of the server."""
        return httpx.Client(base_url=self.url, timeout=TIMEOUT_SECONDS)

    def stop(self, stop_event: asyncio.Event) -> None:
        """End the server's thread."""
        self._loop.call_soon_threadsafe(stop_event.set)

    @contextmanager
    def stopped_loop(self) -> Generator[None]:
        """Keep the event loop busy for the length of a block."""
        resume = threading.Event()
        self._loop.call_soon_threadsafe(resume.wait, TIMEOUT_SECONDS)
        try:
            yield
        finally:
            resume.set()

    def drain(self) -> None:
        """Drain, as the program does at shutdown."""
        self._loop.call_soon_threadsafe(self._broadcaster.drain)

    def deliver(self, *files: bytes, full: bool = False) -> DeliveryDocument:
        """Import files as one delivery, several as a ZIP archive, and return its document."""
        return pipeline.deliver(self.application, *files, full=full)


@contextmanager
def run_in_process_server(
    data_dir: Path, *, with_worker: bool = True, cancels_requests: bool = False, **settings: Any
) -> Generator[InProcessServer]:
    """Run a server for the length of a block.

    Args:
        data_dir: Folder of its store.
        with_worker: Whether it imports deliveries and runs jobs; without, another process must.
        cancels_requests: Whether its event loop ends with requests in progress, as if a shutdown took too long.
        settings: Settings of the program by name.
    """
    with open_application(data_dir, started=with_worker, **settings) as application:
        if not with_worker:
            application.dispatcher.start()
        started: Future[InProcessServer] = Future()
        stop = asyncio.Event()
        serve = _serve(application, started, stop, cancels_requests)
        thread = threading.Thread(target=lambda: asyncio.run(serve), name="test-server")
        thread.start()
        server = started.result(TIMEOUT_SECONDS)
        try:
            yield server
        finally:
            server.stop(stop)
            thread.join(TIMEOUT_SECONDS)


def as_completed_up_to(
    requests: list["Future[httpx.Response]"], number: int, then: Callable[[], None]
) -> list[httpx.Response]:
    """Return the responses in the order of their arrival; call `then` when so many have arrived."""
    responses: list[httpx.Response] = []
    for request in as_completed(requests, TIMEOUT_SECONDS):
        responses.append(request.result())
        if len(responses) == number:
            then()
    return responses


async def _serve(
    application: Application, started: "Future[InProcessServer]", stop: asyncio.Event, cancels_requests: bool
) -> None:
    broadcaster = EventBroadcaster(application)
    response_cache = create_response_cache(application, broadcaster)
    router = TornadoApplication(build_routes(application, broadcaster), compress_response=True)
    router.add_transform(EntityTagPerCoding)
    router.add_transform(SecurityHeaders)
    router.add_transform(cast(Any, response_cache.create_recorder))
    server = BoundedHTTPServer(
        response_cache.wrap(router),
        settings=application.settings,
        connections=application.connections,
        fault=application.worker.faults.step(ACCEPT_STEP),
        answer=response_cache.answer,
    )
    (socket,) = bind_sockets(0, "127.0.0.1")
    server.add_sockets([socket])
    started.set_result(InProcessServer(application, socket.getsockname()[1], asyncio.get_running_loop(), broadcaster))
    await stop.wait()
    broadcaster.drain()
    server.stop()
    if not cancels_requests:
        await server.close_connections()
