"""The API over a real store, served on a loopback port by a thread of this process; for tests that also reach into the nouns."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application as TornadoApplication

from api_handlers.event_broadcaster import Broadcaster
from api_handlers.routes import routes
from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.support import pipeline
from tests.support.pipeline import opened

WAIT_SECONDS = 20.0


class Served:
    """`url` is without trailing slash; `application` the nouns behind it."""

    def __init__(self, application: Application, port: int, loop: asyncio.AbstractEventLoop, broadcaster: Broadcaster) -> None:
        self.application = application
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._loop = loop
        self._broadcaster = broadcaster

    def client(self) -> httpx.Client:
        """Speaks HTTP to it."""
        return httpx.Client(base_url=self.url, timeout=WAIT_SECONDS)

    def stop(self, event: asyncio.Event) -> None:
        """Ends the serving thread."""
        self._loop.call_soon_threadsafe(event.set)

    def drain(self) -> None:
        """As the program does when it is told to stop."""
        self._loop.call_soon_threadsafe(self._broadcaster.drain)

    def deliver(self, *files: bytes, full: bool = False) -> DeliveryDocument:
        """Through the real pipeline, several files as a ZIP; returns when it is taken."""
        return pipeline.deliver(self.application, *files, full=full)


@contextmanager
def serving(data_dir: Path, *, works: bool = True, **settings: Any) -> Generator[Served]:
    """A server for the length of a block. Without `works` it claims no job and no delivery: another must."""
    with opened(data_dir, started=works, **settings) as application:
        if not works:
            application.feed.start()
        started: Future[Served] = Future()
        stop = asyncio.Event()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(application, started, stop)), name="test-server")
        thread.start()
        served = started.result(WAIT_SECONDS)
        try:
            yield served
        finally:
            served.stop(stop)
            thread.join(WAIT_SECONDS)


async def _serve(application: Application, started: "Future[Served]", stop: asyncio.Event) -> None:
    broadcaster = Broadcaster(application)
    server = HTTPServer(TornadoApplication(routes(application, broadcaster), compress_response=True))
    (socket,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    started.set_result(Served(application, socket.getsockname()[1], asyncio.get_running_loop(), broadcaster))
    await stop.wait()
    broadcaster.drain()
    server.stop()
    await server.close_all_connections()
