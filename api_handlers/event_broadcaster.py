"""Events to many streams at once: each is encoded once and written as it is to every connection (contract 6; design.md, Streams).

The feed's thread hands batches over to the event loop; one task there writes them, and the heartbeats, in order.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

from api_handlers import problem_details
from api_handlers.sse import HEARTBEAT_COMMENT, Frame, event_frame, id_block, progress_frame, retry_block, split_into_batches
from preview.events.log import AggregationProgress, EventRow
from preview.runtime.application import Application

MAX_WRITE_BUFFER_BYTES = 262144
"""A subscriber with more than this unsent is cut off; it knows its place by the last id (contract 6f)."""

SEND_BUFFER_BYTES = 65536
TCP_USER_TIMEOUT_SECONDS = 30
WRITES_PER_TICK = 256
"""So many connections are written before the event loop gets to do other things."""

_log = logging.getLogger(__name__)


class Subscriber:
    """One open stream: what it asks for, how far it is (`place`), and its connection. `ended` is done when it is over."""

    __slots__ = ("_stream", "chunked", "finished", "organization_id", "period_id", "position")

    def __init__(self, stream: IOStream, chunked: bool, organization_id: str | None, period_id: str | None) -> None:
        self._stream = stream
        self.chunked = chunked
        self.organization_id = organization_id
        self.period_id = period_id
        self.position = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stream.max_write_buffer_size = MAX_WRITE_BUFFER_BYTES
        if stream.socket is not None:
            _configure_socket(stream.socket)
        stream.set_nodelay(True)

    @property
    def is_filtered(self) -> bool:
        """Whether events pass that it does not get."""
        return self.organization_id is not None or self.period_id is not None

    def accepts(self, frame: Frame) -> bool:
        """Whether the frame passes its filters and is new to it."""
        return (
            (self.organization_id is None or frame.organization_id == self.organization_id)
            and (self.period_id is None or frame.period_id is None or frame.period_id == self.period_id)
            and not 0 < frame.event_id <= self.position
        )

    def encode(self, payload: bytes) -> bytes:
        """As its connection carries it: a chunk for HTTP/1.1, bare for HTTP/1.0."""
        return b"%x\r\n%s\r\n" % (len(payload), payload) if self.chunked else payload

    def write(self, encoded: bytes) -> "asyncio.Future[None] | None":
        """Straight to the connection; the future is done when the kernel has it. One too slow is cut off, and None returned."""
        try:
            return self._stream.write(encoded)
        except StreamClosedError:
            return None
        except StreamBufferFullError:
            self.abort()
            return None

    def abort(self) -> None:
        """Closes the connection."""
        self._stream.close()
        self.finish()

    def finish(self) -> None:
        """Lets the handler finish."""
        if not self.finished.done():
            self.finished.set_result(None)


class EventBroadcaster:
    """The streams of this process. All methods belong to the event loop's thread."""

    def __init__(self, application: Application) -> None:
        """Starts with the first stream, as there may be no running loop yet."""
        self._application = application
        self._subscribers: set[Subscriber] = set()
        self._used_slots = 0
        self._queue: asyncio.Queue[list[Frame] | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] | None = None
        self.position = 0
        self.draining = False

    def acquire_slot(self) -> bool:
        """Counts a stream in, or says no: over the limit, or draining. Each one counted in must `leave`."""
        if self.draining or self._used_slots >= self._application.settings.max_streams:
            return False
        self._used_slots += 1
        if self._unsubscribe is None:
            self._start()
        return True

    def attach(self, subscriber: Subscriber) -> bool:
        """From here on it gets what comes; False where it is still behind and must first be brought up from the store, or draining."""
        if self.draining or subscriber.position < self.position:
            return False
        self._subscribers.add(subscriber)
        return True

    def detach(self, subscriber: Subscriber | None) -> None:
        """The end of a stream that was counted in."""
        self._used_slots -= 1
        if subscriber is not None:
            self._subscribers.discard(subscriber)

    def drain(self) -> None:
        """Ends every stream with a `retry:`, and takes no further request: the program is stopping."""
        self.draining = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        for subscriber in self._subscribers:
            subscriber.write(subscriber.encode(retry_block()))
            subscriber.finish()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._queue = queue = asyncio.Queue[list[Frame] | None]()

        def on_events(rows: list[EventRow], progress: list[AggregationProgress]) -> None:
            frames = [event_frame(row) for row in rows] + [progress_frame(message) for message in progress]
            try:
                for batch in split_into_batches(frames):
                    loop.call_soon_threadsafe(queue.put_nowait, batch)
            except RuntimeError:
                _log.debug("The event loop is gone.")

        self._unsubscribe = self._application.dispatcher.subscribe(on_events)
        # Read after subscribing: a stream joins only from here on, so nothing between the two can be lost to it.
        self.position = self._application.dispatcher.position
        self._tasks = [asyncio.create_task(coroutine) for coroutine in (self._write_loop(), self._heartbeat_loop())]
        for task in self._tasks:
            task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: "asyncio.Task[None]") -> None:
        """A task that dies must not leave streams silent: they are cut, come again, and are served by new ones."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        problem_details.log_internal_error(error)
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = None
        for other in self._tasks:
            other.cancel()
        for subscriber in list(self._subscribers):
            subscriber.abort()

    async def _heartbeat_loop(self) -> None:
        while True:
            await asyncio.sleep(self._application.settings.heartbeat_seconds)
            self._queue.put_nowait(None)

    async def _write_loop(self) -> None:
        while True:
            frames = await self._queue.get()
            write = self._heartbeat_writer() if frames is None else self._batch_writer(frames)
            for count, subscriber in enumerate(list(self._subscribers), 1):
                write(subscriber)
                if count % WRITES_PER_TICK == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _heartbeat_writer(self) -> Callable[[Subscriber], None]:
        """A comment; with it a filtered stream is told its place, as events that it does not get move it on."""

        def write(subscriber: Subscriber) -> None:
            payload = HEARTBEAT_COMMENT + id_block(subscriber.position) if subscriber.is_filtered else HEARTBEAT_COMMENT
            subscriber.write(subscriber.encode(payload))

        return write

    def _batch_writer(self, frames: list[Frame]) -> Callable[[Subscriber], None]:
        """Frames in one write each. Those of the same filters share the very bytes, unless one has seen some of them already."""
        previous_position = self.position
        self.position = max([previous_position, *(frame.event_id for frame in frames)])
        encoded_by_filter: dict[tuple[str | None, str | None, bool], bytes] = {}

        def write(subscriber: Subscriber) -> None:
            key = (subscriber.organization_id, subscriber.period_id, subscriber.chunked)
            encoded = encoded_by_filter.get(key) if subscriber.position == previous_position else None
            if encoded is None:
                payload = b"".join(frame.payload for frame in frames if subscriber.accepts(frame))
                encoded = subscriber.encode(payload) if payload else b""
                if subscriber.position == previous_position:
                    encoded_by_filter[key] = encoded
            subscriber.position = max(subscriber.position, self.position)
            if encoded:
                subscriber.write(encoded)

        return write


def _configure_socket(peer: socket.socket) -> None:
    """Keeps what the kernel holds for a slow reader small, and finds out about a silent one."""
    if peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_SECONDS * 1000)
