"""A TCP proxy between browser and server that a test can cut, stall, restore, and route to a process of its choice."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from tests.support.process_inspection import pid_of_connection, wait_for_both
from tests.support.server_process import Server, free_port


class FaultyProxy:
    """A port that forwards to a server's port.

    If the server has two processes, one gets all WebSockets and the other all other requests, so that a page and its
    WebSocket never meet in one process. All methods are called on the test's thread.
    """

    def __init__(self, server: Server, processes: int = 1) -> None:
        self.route_to(server, processes)
        self._is_cut = self._refuses_websockets = self._cuts_pages_off = False
        self._flow, self._sockets_flow, self._pages_end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-proxy", daemon=True)
        self._thread.start()
        self.websockets = self.stalled_websockets = 0
        """The numbers of open and of stalled WebSockets."""
        self._server = self._call(self._listen())
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def route_to(self, server: Server, processes: int = 1) -> None:
        """Forward new connections to a server."""
        self._target = server
        self._target_processes = wait_for_both(server) if processes == 2 else None

    def cut(self) -> None:
        """Abort all connections, and new ones as they come."""

        async def abort_all() -> None:
            self._is_cut = True
            for writer in list(self._writers):
                writer.transport.abort()

        self._call(abort_all())

    def stall(self) -> None:
        """Forward nothing any more, and keep the connections open."""
        self._call(self._set(self._flow, False))

    def stall_websockets(self) -> None:
        """Hold new WebSockets back until `release_websockets`."""
        self._call(self._set(self._sockets_flow, False))

    def refuse_websockets(self, refused: bool) -> None:
        """Close the connections of new WebSockets without an answer, until called with False."""
        self._refuses_websockets = refused

    def cut_pages_off(self, cut_off: bool) -> None:
        """Send the readable part of a page alone, until called with False; `end_pages` ends its connection."""
        self._cuts_pages_off = cut_off

    def end_pages(self) -> None:
        """End the connections of pages that were cut off."""
        self._call(self._set(self._pages_end, True))

    def release_websockets(self) -> None:
        """Forward new WebSockets, first those that were held back."""
        self._call(self._set(self._sockets_flow, True))

    def restore(self) -> None:
        """Undo `cut` and `stall`; data that was held back is forwarded."""

        async def resume() -> None:
            self._is_cut = False
            self._flow.set()

        self._call(resume())

    def close(self) -> None:
        """Abort all connections and stop the proxy."""
        self.cut()

        async def shut_down() -> None:
            self._server.close()
            self._flow.set()
            self._sockets_flow.set()
            self._pages_end.set()
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for writer in list(self._writers):
                    writer.transport.abort()
                await asyncio.wait(tasks, timeout=0.05)

        self._call(shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    @staticmethod
    async def _set(flow: asyncio.Event, on: bool) -> None:
        if on:
            flow.set()
        else:
            flow.clear()

    async def _listen(self) -> asyncio.Server:
        self._flow.set()
        self._sockets_flow.set()
        return await asyncio.start_server(self._serve, "127.0.0.1", free_port("proxy"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        counted = False
        try:
            if self._is_cut:
                return
            head = await reader.readuntil(b"\r\n\r\n")
            await self._flow.wait()
            websocket = b"\nupgrade: websocket" in head.lower()
            if websocket and self._refuses_websockets:
                return
            if websocket:
                self.stalled_websockets += 1
                await self._sockets_flow.wait()
                self.stalled_websockets -= 1
            async with self._connect(websocket) as (there_reader, there):
                self.websockets += websocket
                counted = websocket
                if self._cuts_pages_off and b"\r\naccept: text/html" in head.lower():
                    there.write(re.sub(rb"(?i)\r\naccept-encoding:[^\r]*", b"", head))
                    await _forward_readable_part(there_reader, writer)
                    await self._pages_end.wait()
                    return
                there.write(head)
                await asyncio.gather(self._forward(reader, there), self._forward(there_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # one side has disconnected
        finally:
            self.websockets -= counted
            self._writers.discard(writer)
            writer.transport.abort()

    @asynccontextmanager
    async def _connect(self, websocket: bool) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect to the server, again and again until the kernel picks the wanted process."""
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
            self._writers.add(writer)
            try:
                port = writer.get_extra_info("sockname")[1]
                if (
                    self._target_processes is None
                    or await asyncio.to_thread(pid_of_connection, self._target, port)
                    == self._target_processes[websocket]
                ):
                    yield reader, writer
                    return
            finally:
                self._writers.discard(writer)
                writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flow.wait()
                writer.write(data)
                await writer.drain()
        # When one side ends, the other is closed too; neither browser nor server uses half-open connections.
        writer.close()


async def _forward_readable_part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward a page up to the script that watches its connection, however the server divides what it sends."""
    writer.write(await reader.readuntil(b"layout/connection.js") + await reader.readuntil(b"</script>"))
    await writer.drain()


@contextmanager
def faulty_proxy(server: Server, processes: int = 1) -> Generator[FaultyProxy]:
    """Run a proxy for the length of a block."""
    proxy = FaultyProxy(server, processes)
    try:
        yield proxy
    finally:
        proxy.close()
