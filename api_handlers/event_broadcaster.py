"""Events to many streams at once: each is encoded once and written as it is to every connection (contract 6; design.md, Streams).

The feed's thread hands batches over to the event loop; one task there writes them, and the heartbeats, in order.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

from api_handlers import problem_details
from api_handlers.sse import COMMENT, Frame, batches, event_frame, place_block, progress_frame, retry_block
from preview.events.log import AggregationProgress, EventRow
from preview.runtime.application import Application

MAX_WRITE_BUFFER_BYTES = 262144
"""A subscriber with more than this unsent is cut off; it knows its place by the last id (contract 6f)."""

SEND_BUFFER_BYTES = 65536
SILENT_PEER_SECONDS = 30
SLICE = 256
"""So many connections are written before the event loop gets to do other things."""

_log = logging.getLogger(__name__)


class Subscriber:
    """One open stream: what it asks for, how far it is (`place`), and its connection. `ended` is done when it is over."""

    __slots__ = ("_stream", "chunked", "ended", "organization_id", "period_id", "place")

    def __init__(self, stream: IOStream, chunked: bool, organization_id: str | None, period_id: str | None) -> None:
        self._stream = stream
        self.chunked = chunked
        self.organization_id = organization_id
        self.period_id = period_id
        self.place = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stream.max_write_buffer_size = MAX_WRITE_BUFFER_BYTES
        if stream.socket is not None:
            _tune(stream.socket)
        stream.set_nodelay(True)

    @property
    def filtered(self) -> bool:
        """Whether events pass that it does not get."""
        return self.organization_id is not None or self.period_id is not None

    def wants(self, frame: Frame) -> bool:
        """Whether the frame passes its filters and is new to it."""
        return (
            (self.organization_id is None or frame.organization_id == self.organization_id)
            and (self.period_id is None or frame.period_id is None or frame.period_id == self.period_id)
            and not 0 < frame.event <= self.place
        )

    def encode(self, text: bytes) -> bytes:
        """As its connection carries it: a chunk for HTTP/1.1, bare for HTTP/1.0."""
        return b"%x\r\n%s\r\n" % (len(text), text) if self.chunked else text

    def write(self, encoded: bytes) -> "asyncio.Future[None] | None":
        """Straight to the connection; the future is done when the kernel has it. One too slow is cut off, and None returned."""
        try:
            return self._stream.write(encoded)
        except StreamClosedError:
            return None
        except StreamBufferFullError:
            self.cut()
            return None

    def cut(self) -> None:
        """Closes the connection."""
        self._stream.close()
        self.end()

    def end(self) -> None:
        """Lets the handler finish."""
        if not self.ended.done():
            self.ended.set_result(None)


class Broadcaster:
    """The streams of this process. All methods belong to the event loop's thread."""

    def __init__(self, application: Application) -> None:
        """Starts with the first stream, as there may be no running loop yet."""
        self._application = application
        self._live: set[Subscriber] = set()
        self._admitted = 0
        self._queue: asyncio.Queue[list[Frame] | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] | None = None
        self.place = 0
        self.draining = False

    def admit(self) -> bool:
        """Counts a stream in, or says no: over the limit, or draining. Each one counted in must `leave`."""
        if self.draining or self._admitted >= self._application.settings.max_streams:
            return False
        self._admitted += 1
        if self._unsubscribe is None:
            self._start()
        return True

    def join(self, subscriber: Subscriber) -> bool:
        """From here on it gets what comes; False where it is still behind and must first be brought up from the store, or draining."""
        if self.draining or subscriber.place < self.place:
            return False
        self._live.add(subscriber)
        return True

    def leave(self, subscriber: Subscriber | None) -> None:
        """The end of a stream that was counted in."""
        self._admitted -= 1
        if subscriber is not None:
            self._live.discard(subscriber)

    def drain(self) -> None:
        """Ends every stream with a `retry:`, and takes no further request: the program is stopping."""
        self.draining = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        for subscriber in self._live:
            subscriber.write(subscriber.encode(retry_block()))
            subscriber.end()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._queue = queue = asyncio.Queue[list[Frame] | None]()

        def listen(rows: list[EventRow], progress: list[AggregationProgress]) -> None:
            frames = [event_frame(row) for row in rows] + [progress_frame(report) for report in progress]
            try:
                for batch in batches(frames):
                    loop.call_soon_threadsafe(queue.put_nowait, batch)
            except RuntimeError:
                _log.debug("The event loop is gone.")

        self._unsubscribe = self._application.feed.subscribe(listen)
        # Read after subscribing: a stream joins only from here on, so nothing between the two can be lost to it.
        self.place = self._application.feed.place
        self._tasks = [asyncio.create_task(work) for work in (self._pump(), self._beat())]
        for task in self._tasks:
            task.add_done_callback(self._stopped)

    def _stopped(self, task: "asyncio.Task[None]") -> None:
        """A task that dies must not leave streams silent: they are cut, come again, and are served by new ones."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        problem_details.log(error)
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = None
        for other in self._tasks:
            other.cancel()
        for subscriber in list(self._live):
            subscriber.cut()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._application.settings.heartbeat_seconds)
            self._queue.put_nowait(None)

    async def _pump(self) -> None:
        while True:
            frames = await self._queue.get()
            write = self._heartbeat() if frames is None else self._batch(frames)
            for number, subscriber in enumerate(list(self._live), 1):
                write(subscriber)
                if number % SLICE == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _heartbeat(self) -> Callable[[Subscriber], None]:
        """A comment; with it a filtered stream is told its place, as events that it does not get move it on."""

        def write(subscriber: Subscriber) -> None:
            text = COMMENT + place_block(subscriber.place) if subscriber.filtered else COMMENT
            subscriber.write(subscriber.encode(text))

        return write

    def _batch(self, frames: list[Frame]) -> Callable[[Subscriber], None]:
        """Frames in one write each. Those of the same filters share the very bytes, unless one has seen some of them already."""
        before = self.place
        self.place = max([before, *(frame.event for frame in frames)])
        shared: dict[tuple[str | None, str | None, bool], bytes] = {}

        def write(subscriber: Subscriber) -> None:
            key = (subscriber.organization_id, subscriber.period_id, subscriber.chunked)
            encoded = shared.get(key) if subscriber.place == before else None
            if encoded is None:
                text = b"".join(frame.text for frame in frames if subscriber.wants(frame))
                encoded = subscriber.encode(text) if text else b""
                if subscriber.place == before:
                    shared[key] = encoded
            subscriber.place = max(subscriber.place, self.place)
            if encoded:
                subscriber.write(encoded)

        return write


def _tune(peer: socket.socket) -> None:
    """Keeps what the kernel holds for a slow reader small, and finds out about a silent one."""
    if peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_SECONDS * 1000)
