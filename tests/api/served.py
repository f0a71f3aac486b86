"""The API over a real store, served on a loopback port by a thread of this process; for tests that also reach into the nouns."""

import asyncio
import io
import threading
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application as TornadoApplication

from api_handlers.broadcaster import Broadcaster
from api_handlers.routes import routes
from preview.application import Application
from preview.documents import DeliveryDocument
from preview.settings import Settings

T = TypeVar("T")

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
        return deliver(self.application, files, full=full)


def deliver(application: Application, files: Sequence[bytes], *, full: bool = False) -> DeliveryDocument:
    """One delivery, taken by the application's own worker."""
    receipt = application.deliveries.receive([files[0] if len(files) == 1 else _zip(files)], full=full, actor="test")

    def ended() -> DeliveryDocument | None:
        document = application.deliveries.document(receipt.delivery_id)
        return document if document.completed_at else None

    return wait_for(ended, "the delivery")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """Looks until it gives something; fails where that takes too long."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.01)
    raise AssertionError(f"Waited {WAIT_SECONDS} s for {what}.")


@contextmanager
def serving(data_dir: Path, *, works: bool = True, **settings: Any) -> Generator[Served]:
    """A server for the length of a block. Without `works` it claims no job and no delivery: another must."""
    given: dict[str, Any] = {"auto_aggregate": False} | settings
    application = Application.open(Settings(data_dir=data_dir, **given))
    if works:
        application.start()
    else:
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
        application.close()


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


def _zip(files: Sequence[bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, file in enumerate(files, 1):
            archive.writestr(f"{number:04}.{'xml' if file.lstrip()[:1] == b'<' else 'csv'}", file)
    return packed.getvalue()
