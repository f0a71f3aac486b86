"""`GET /watch`: Server-Sent Events, replayed from the log and then live (rules 6 to 6f, docs/api.md)."""

import asyncio
from contextlib import suppress

import msgspec
from tornado.iostream import StreamClosedError

from api_handlers.base import ApiHandler
from api_handlers.event_broadcaster import EventBroadcaster, Subscriber
from api_handlers.last_event_id import parse_last_event_id
from api_handlers.operations import operation
from api_handlers.request_parsing import EventId, OrganizationId, PeriodId
from api_handlers.sse import Audience, event_frame, id_block, resync_block, retry_block, split_into_batches
from api_handlers.sse_connection import SseConnection, stream_of
from preview.core.passing_faults import as_passing
from preview.runtime.application import Application
from preview.runtime.connections import Use

REPLAY_PAGE_SIZE = 500
REPLAY_WRITE_TIMEOUT_SECONDS = 30
"""A client that accepts no replayed data for this long is disconnected (rule 6f)."""


class WatchQuery(msgspec.Struct, frozen=True):
    """Filters of a stream, and the position to resume from. A filter may match nothing: the stream then waits."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    last_event_id: EventId | None = None


class WatchHandler(ApiHandler):
    """The event stream.

    A valid request is never answered with an error status, which would end a browser's `EventSource` permanently (6c).
    """

    serves_while_draining = True
    serves_when_full = True

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Remove `Accept-Encoding`, so that Tornado does not compress the stream (Tornado's hook)."""
        super().initialize(services, broadcaster)
        self.request.headers.pop("Accept-Encoding", None)
        self._subscriber: Subscriber | None = None

    @operation(
        query=WatchQuery,
        responses={200: str},
        request_headers=("Last-Event-ID",),
        media_type="text/event-stream",
    )
    async def get(self, query: WatchQuery) -> None:
        """Stream every change of aggregated data as Server-Sent Events."""
        self._set_stream_headers()
        if self.request.method == "HEAD":
            return
        connections, stream = self.services.connections, stream_of(self.request)
        if connections.refusal(stream) is not None or not self.broadcaster.acquire_slot():
            self.write(retry_block())
            await self._finish_and_close()
            return
        connections.use_as(stream, Use.STREAM)
        is_live = False
        try:
            with suppress(StreamClosedError):
                is_live = await self._open_stream(query)
        except Exception as error:
            if as_passing(error) is None:
                raise
            # An error status would end the client's `EventSource`; without one it reconnects.
            if not self._headers_written:
                self.write(retry_block())
        finally:
            if self._subscriber is None:
                self.broadcaster.release_slot()
            elif not is_live:
                self._subscriber.finish()
        if self._subscriber is None:
            await self._finish_and_close()

    def compute_etag(self) -> None:
        """Return no ETag, because a stream has none (Tornado's hook)."""

    async def _open_stream(self, query: WatchQuery) -> bool:
        """Send what the client has missed; return True once the broadcaster sends what follows, False at the end."""
        position, needs_resync = await self._resume_position(query.last_event_id)
        await self.flush()
        audience = Audience(query.organization_id, query.period_id, is_chunked=self.request.version == "HTTP/1.1")
        subscriber = Subscriber(self.broadcaster, SseConnection(self.detach()), audience, position)
        self._subscriber = subscriber
        self._log()  # Tornado would log the end of the response, of which this handler learns nothing
        await self._write(retry_block() + id_block(position) + (resync_block() if needs_resync else b""))
        while not self.broadcaster.attach(subscriber):
            if subscriber.has_ended:
                return False
            if self.broadcaster.draining:  # `drain` has ended those alone that were part of the fan-out
                await self._write(retry_block())
                return False
            await self._replay(subscriber)
        return True

    async def _resume_position(self, last_event_id: str | None) -> tuple[int, bool]:
        """Return the position to continue from, and whether the client's own one is unknown (rule 6c)."""
        event_log = self.services.event_log
        requested = parse_last_event_id(self.request.headers, last_event_id)
        position = requested.position
        if position is not None and await self.run_blocking(event_log.can_resume_from, position):
            return position, False
        return await self.run_blocking(event_log.last_event_id), requested.is_given

    async def _replay(self, subscriber: Subscriber) -> None:
        """Write the next page of the log, as fast as the client reads."""
        event_log = self.services.event_log
        broadcast_position = self.broadcaster.position
        rows = await self.run_blocking(event_log.read_after, subscriber.position, REPLAY_PAGE_SIZE)
        if not await self.run_blocking(event_log.can_resume_from, subscriber.position):
            # Retention has removed events during the replay that the client has not received.
            subscriber.position = await self.run_blocking(event_log.last_event_id)
            await self._write(id_block(subscriber.position) + resync_block())
            return
        if not rows:
            # The log has no event up to the broadcaster's position, because their organisation was erased.
            subscriber.position = broadcast_position
            await self._write(id_block(broadcast_position))
            return
        for batch in split_into_batches(map(event_frame, rows)):
            if payload := subscriber.audience.select(batch, subscriber.position):
                await self._write(payload)
        subscriber.position = rows[-1].event_id

    async def _write(self, payload: bytes) -> None:
        """Write a payload and wait until the kernel has accepted it.

        Raises:
            StreamClosedError: The client has closed the connection, or accepts no data for too long.
        """
        subscriber = self._subscriber
        if subscriber is None or (flushed := subscriber.send(payload)) is None:
            raise StreamClosedError
        try:
            await asyncio.wait_for(flushed, REPLAY_WRITE_TIMEOUT_SECONDS)
        except TimeoutError:
            subscriber.abort()
            raise StreamClosedError from None

    def _set_stream_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store, no-transform")
        self.set_header("X-Accel-Buffering", "no")

    async def _finish_and_close(self) -> None:
        """End a response without a stream, and its connection, so that the client reconnects."""
        stream = stream_of(self.request)
        with suppress(StreamClosedError):
            await self.finish()
        if stream is not None:
            stream.close()
