"""Fan-out of events to open streams: a batch is encoded once and written to every connection (rule 6, docs/api.md).

The dispatcher's thread hands batches to the event loop, where one task writes them and the heartbeats, in order.
"""

import asyncio
import logging
from collections.abc import Callable
from itertools import chain

from tornado.iostream import StreamBufferFullError, StreamClosedError

from api_handlers import problem_details
from api_handlers.heartbeat import Heartbeat, heartbeat_payload, queue_heartbeats
from api_handlers.sse import (
    Audience,
    Frame,
    event_frame,
    progress_frame,
    retry_block,
    split_into_batches,
)
from api_handlers.sse_connection import SseConnection
from preview.events.log import AggregationProgress, EventRow
from preview.runtime.application import Application

WRITES_PER_TICK = 256
"""Connections that are written before the event loop runs other tasks."""

_log = logging.getLogger(__name__)


class Subscriber:
    """One open stream. It occupies a slot of the broadcaster until it ends.

    Attributes:
        audience: The streams that get the same bytes.
        position: The log position that it has replayed. Once it is part of the fan-out, it has reached the
            broadcaster's position as well.
        has_ended: Whether the stream has ended.
    """

    __slots__ = ("_broadcaster", "_connection", "audience", "has_ended", "position")

    def __init__(
        self, broadcaster: "EventBroadcaster", connection: SseConnection, audience: Audience, position: int
    ) -> None:
        self._broadcaster = broadcaster
        self._connection = connection
        self.audience = audience
        self.position = position
        self.has_ended = False
        connection.configure_for_broadcast(self.finish)

    def send(self, payload: bytes) -> "asyncio.Future[None] | None":
        """Encode and write a payload without waiting; disconnect a client that reads too slowly (rule 6f).

        Returns:
            A future that is done when the kernel has accepted the bytes, None if the connection is closed.
        """
        try:
            return self._connection.write(self.audience.encode(payload))
        except StreamClosedError:
            return None
        except StreamBufferFullError:
            self.abort()
            return None

    def push(self, encoded: bytes) -> None:
        """Write encoded bytes of a broadcast; disconnect a client that reads too slowly (rule 6f)."""
        try:
            self._connection.push(encoded)
        except StreamClosedError:
            return
        except StreamBufferFullError:
            self.abort()

    def abort(self) -> None:
        """Close the connection."""
        self._connection.close()
        self.finish()

    def finish(self) -> None:
        """End the stream, because the client is gone or is to reconnect."""
        if not self.has_ended:
            self.has_ended = True
            self._broadcaster.detach(self)
            self._connection.end(self.audience.encoded_end())


class EventBroadcaster:
    """The streams of this process. All methods run on the event loop's thread.

    Attributes:
        position: Log position of the newest batch that was written.
        draining: Whether the program shuts down.
    """

    def __init__(self, application: Application) -> None:
        """Create a broadcaster; it starts with the first stream, because no event loop may be running yet."""
        self._application = application
        self._subscribers: dict[Audience, set[Subscriber]] = {}
        self._used_slots = 0
        self._queue: asyncio.Queue[list[Frame] | Heartbeat] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] | None = None
        self.position = 0
        self.draining = False

    def acquire_slot(self) -> bool:
        """Count a stream and return True, or False over the limit and while draining.

        `release_slot` releases it, or the subscriber when it ends.
        """
        if self.draining or self._used_slots >= self._application.capacity.streams:
            return False
        self._used_slots += 1
        if self._unsubscribe is None:
            self._start()
        return True

    def release_slot(self) -> None:
        """Count a stream no longer."""
        self._used_slots -= 1

    def attach(self, subscriber: Subscriber) -> bool:
        """Add a stream to the fan-out and return True; it needs nothing but its subscriber from then on.

        Returns False while draining, if the stream has ended, and if its position is behind: it must first replay the
        log up to `position`.
        """
        if self.draining or subscriber.has_ended or subscriber.position < self.position:
            return False
        self._subscribers.setdefault(subscriber.audience, set()).add(subscriber)
        return True

    def detach(self, subscriber: Subscriber) -> None:
        """Remove a stream that has ended from the fan-out, and release its slot."""
        subscribers = self._subscribers.get(subscriber.audience, set())
        subscribers.discard(subscriber)
        if not subscribers:
            self._subscribers.pop(subscriber.audience, None)
        self.release_slot()

    def drain(self) -> None:
        """End every stream with a `retry:` block, and admit no more: the program shuts down."""
        self.draining = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        for subscriber in list(chain.from_iterable(self._subscribers.values())):
            subscriber.send(retry_block())
            subscriber.finish()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._queue = queue = asyncio.Queue[list[Frame] | Heartbeat]()

        def on_events(rows: list[EventRow], progress: list[AggregationProgress]) -> None:
            frames = [event_frame(row) for row in rows] + [progress_frame(message) for message in progress]
            try:
                for batch in split_into_batches(frames):
                    loop.call_soon_threadsafe(queue.put_nowait, batch)
            except RuntimeError:
                _log.debug("Events were not broadcast, because the event loop is closed.")

        self._unsubscribe = self._application.dispatcher.subscribe(on_events)
        # The position is read after subscribing: no event between the two can be missed by a stream that attaches.
        self.position = self._application.dispatcher.position
        heartbeats = queue_heartbeats(queue, self._application.settings.heartbeat_seconds)
        self._tasks = [asyncio.create_task(coroutine) for coroutine in (self._write_loop(), heartbeats)]
        for task in self._tasks:
            task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: "asyncio.Task[None]") -> None:
        """Close all streams if a task has failed: their clients reconnect, and the first one starts new tasks."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        problem_details.log_internal_error(error)
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._unsubscribe = None
        for other in self._tasks:
            other.cancel()
        for subscriber in list(chain.from_iterable(self._subscribers.values())):
            subscriber.abort()

    async def _write_loop(self) -> None:
        while True:
            frames, heartbeat = _take_all(self._queue, await self._queue.get())
            for batch in split_into_batches(frames):
                await self._write_batch(batch)
            if heartbeat:
                await self._write_to_all(heartbeat_payload, self.position)

    async def _write_batch(self, frames: list[Frame]) -> None:
        previous_position = self.position
        self.position = max([previous_position, *(frame.event_id for frame in frames)])
        await self._write_to_all(lambda audience, position: audience.select(frames, position), previous_position)

    async def _write_to_all(self, payload_of: Callable[[Audience, int], bytes], position: int) -> None:
        """Write a payload to every stream.

        Args:
            payload_of: Returns the payload for an audience that has reached a log position; may be empty.
            position: The position that all streams have reached, except those that have replayed more.
        """
        written = 0
        for audience, subscribers in [(audience, list(group)) for audience, group in self._subscribers.items()]:
            encoded = audience.encode(payload_of(audience, position))
            for subscriber in subscribers:
                if subscriber.position > position:
                    own = audience.encode(payload_of(audience, subscriber.position))
                else:
                    own = encoded
                if own:
                    subscriber.push(own)
                written += 1
                if written % WRITES_PER_TICK == 0:
                    await asyncio.sleep(0)
        await asyncio.sleep(0)


def _take_all(
    queue: "asyncio.Queue[list[Frame] | Heartbeat]", first: list[Frame] | Heartbeat
) -> tuple[list[Frame], bool]:
    """Return the frames of all batches that wait, and whether a heartbeat was among them.

    While one batch is written to thousands of streams, others follow. Written together they cost one write a stream, so
    that streams do not fall behind further with each batch. A heartbeat that waited comes after them.
    """
    frames: list[Frame] = []
    heartbeat = False
    waiting: list[Frame] | Heartbeat | None = first
    while waiting is not None:
        if isinstance(waiting, Heartbeat):
            heartbeat = True
        else:
            frames += waiting
        waiting = None if queue.empty() else queue.get_nowait()
    return frames, heartbeat
