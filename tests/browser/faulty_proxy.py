"""A line between browser and server that a test can cut, hold and mend, and lead to the process that it wants."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from tests.support.process_inspection import pid_of_connection, wait_for_both
from tests.support.server_process import Server


class FaultyProxy:
    """One port of our own to a server's. Where that has two processes, one gets all WebSockets and the other all else: no page and its
    socket come to the same. All methods are called from the test's thread.
    """

    def __init__(self, server: Server, processes: int = 1) -> None:
        self.route_to(server, processes)
        self._is_cut = False
        self._flow, self._sockets_flow = asyncio.Event(), asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self.websockets = self.stalled_websockets = 0
        """How many are open, or held."""
        self._server = self._call(self._listen())
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def route_to(self, server: Server, processes: int = 1) -> None:
        """To this one from now on."""
        self._target = server
        self._target_processes = wait_for_both(server) if processes == 2 else None

    def cut(self) -> None:
        """Ends all connections and takes no further one."""

        async def abort_all() -> None:
            self._is_cut = True
            for writer in list(self._writers):
                writer.transport.abort()

        self._call(abort_all())

    def stall(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._call(self._set(self._flow, False))

    def stall_websockets(self) -> None:
        """The next ones do not come through, until they are let."""
        self._call(self._set(self._sockets_flow, False))

    def release_websockets(self) -> None:
        """They come through, those that were held first."""
        self._call(self._set(self._sockets_flow, True))

    def restore(self) -> None:
        """What was held comes through."""

        async def resume() -> None:
            self._is_cut = False
            self._flow.set()

        self._call(resume())

    def close(self) -> None:
        """For good."""
        self.cut()

        async def shut_down() -> None:
            self._server.close()
            self._flow.set()
            self._sockets_flow.set()
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
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        counted = False
        try:
            if self._is_cut:
                return
            head = await reader.readuntil(b"\r\n\r\n")
            await self._flow.wait()
            websocket = b"\nupgrade: websocket" in head.lower()
            if websocket:
                self.stalled_websockets += 1
                await self._sockets_flow.wait()
                self.stalled_websockets -= 1
            async with self._connect(websocket) as (there_reader, there):
                self.websockets += websocket
                counted = websocket
                there.write(head)
                await asyncio.gather(self._forward(reader, there), self._forward(there_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side is gone
        finally:
            self.websockets -= counted
            self._writers.discard(writer)
            writer.transport.abort()

    @asynccontextmanager
    async def _connect(self, websocket: bool) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Tries until it is the wanted process' own."""
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
            self._writers.add(writer)
            try:
                port = writer.get_extra_info("sockname")[1]
                if (
                    self._target_processes is None
                    or await asyncio.to_thread(pid_of_connection, self._target, port) == self._target_processes[websocket]
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
        # Either side's end is the end of both: a half-open connection is no use to either.
        writer.close()


@contextmanager
def faulty_proxy(server: Server, processes: int = 1) -> Generator[FaultyProxy]:
    """A line for the length of a block."""
    proxy = FaultyProxy(server, processes)
    try:
        yield proxy
    finally:
        proxy.close()
