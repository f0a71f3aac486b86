"""`GET /watch`: Server-Sent Events, resumed from the log and then live (contract 6)."""

import asyncio
import re
from contextlib import suppress

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, StreamClosedError

from api_handlers.base import ApiHandler
from api_handlers.event_broadcaster import EventBroadcaster, Subscriber
from api_handlers.operations import operation
from api_handlers.request_parsing import EventId, OrganizationId, PeriodId
from api_handlers.sse import event_frame, id_block, resync_block, retry_block, split_into_batches
from preview.runtime.application import Application

REPLAY_PAGE_SIZE = 500
REPLAY_WRITE_TIMEOUT_SECONDS = 30
"""A subscriber that takes none of the replay for so long is cut off."""

_EVENT_ID = re.compile(r"[0-9]{1,18}")


class WatchQuery(msgspec.Struct, frozen=True):
    """Both filters narrow the stream; one that is well-formed but unknown waits."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    last_event_id: EventId | None = None


class WatchHandler(ApiHandler):
    """The stream of changes. Never answers a valid request with an error: that would end a browser's `EventSource` for good (6c)."""

    serves_while_draining = True

    def initialize(self, services: Application, broadcaster: EventBroadcaster) -> None:
        """Without `Accept-Encoding`, so that Tornado does not compress the stream."""
        super().initialize(services, broadcaster)
        self.request.headers.pop("Accept-Encoding", None)
        self._subscriber: Subscriber | None = None

    @operation(query=WatchQuery, responses={200: str}, request_headers=("Last-Event-ID",), media_type="text/event-stream")
    async def get(self, query: WatchQuery) -> None:
        """Changes of aggregated data, as they happen, as Server-Sent Events."""
        self._set_stream_headers()
        if self.request.method == "HEAD":
            return
        if not self.broadcaster.acquire_slot():
            self.write(retry_block())
            await self._finish_and_close()
            return
        try:
            with suppress(StreamClosedError):
                await self._stream_events(query)
        finally:
            self.broadcaster.detach(self._subscriber)
        await self._finish_and_close()

    def compute_etag(self) -> None:
        """Tornado's hook: a stream has none."""

    def on_connection_close(self) -> None:
        """Tornado's hook: the client is gone, or was cut off."""
        super().on_connection_close()
        if self._subscriber is not None:
            self._subscriber.finish()

    async def _stream_events(self, query: WatchQuery) -> None:
        position, needs_resync = await self._resume_position(query.last_event_id)
        await self.flush()
        subscriber = self._subscriber = Subscriber(
            self._connection_stream(), self.request.version == "HTTP/1.1", query.organization_id, query.period_id
        )
        subscriber.position = position
        opening = retry_block() + id_block(position) + (resync_block() if needs_resync else b"")
        await self._write(opening)
        while not self.broadcaster.attach(subscriber):
            if self.broadcaster.draining or subscriber.finished.done():
                return
            await self._replay(subscriber)
        await subscriber.finished

    async def _resume_position(self, last_event_id: str | None) -> tuple[int, bool]:
        """The place to go on from, and whether what came before it is unknown (6c). The header beats the query (6b)."""
        last_event_id = self.request.headers.get("Last-Event-ID") or last_event_id
        if not last_event_id:
            return await self.run_blocking(self.services.event_log.last_event_id), False
        if _EVENT_ID.fullmatch(last_event_id) and await self.run_blocking(self.services.event_log.can_resume_from, int(last_event_id)):
            return int(last_event_id), False
        return await self.run_blocking(self.services.event_log.last_event_id), True

    async def _replay(self, subscriber: Subscriber) -> None:
        """The next page of the log, as fast as the client takes it."""
        broadcast_position = self.broadcaster.position
        rows = await self.run_blocking(self.services.event_log.read_after, subscriber.position, REPLAY_PAGE_SIZE)
        if not await self.run_blocking(self.services.event_log.can_resume_from, subscriber.position):
            # What it has not seen was pruned while it was brought up.
            subscriber.position = await self.run_blocking(self.services.event_log.last_event_id)
            await self._write(id_block(subscriber.position) + resync_block())
            return
        if not rows:
            # Nothing is left of what came up to there: it was of an organisation that is forgotten.
            subscriber.position = broadcast_position
            await self._write(id_block(broadcast_position))
            return
        for batch in split_into_batches(map(event_frame, rows)):
            if payload := b"".join(frame.payload for frame in batch if subscriber.accepts(frame)):
                await self._write(payload)
        subscriber.position = rows[-1].event_id

    async def _write(self, payload: bytes) -> None:
        """Waits until the kernel has it. Raises `StreamClosedError` where the client is gone, or takes nothing for too long."""
        subscriber = self._subscriber
        if subscriber is None or (flushed := subscriber.write(subscriber.encode(payload))) is None:
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

    def _connection_stream(self) -> IOStream:
        connection = self.request.connection
        if not isinstance(connection, HTTP1Connection) or connection.stream is None:
            raise StreamClosedError
        return connection.stream

    async def _finish_and_close(self) -> None:
        """Ends the answer and the connection, which has a small buffer and, under HTTP/1.0, no other way to say where it ends."""
        with suppress(StreamClosedError):
            stream = self._connection_stream()
            await self.finish()
            stream.close()
