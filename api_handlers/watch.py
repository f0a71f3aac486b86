"""`GET /watch`: Server-Sent Events, resumed from the log and then live (contract 6)."""

import asyncio
import re
from contextlib import suppress

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, StreamClosedError

from api_handlers.base import Handler
from api_handlers.event_broadcaster import Broadcaster, Subscriber
from api_handlers.operations import operation
from api_handlers.request_parsing import EventPlace, OrganizationId, PeriodId
from api_handlers.sse import batches, event_frame, place_block, resync_block, retry_block
from preview.runtime.application import Application

REPLAY_PAGE = 500
REPLAY_WRITE_SECONDS = 30
"""A subscriber that takes none of the replay for so long is cut off."""

_EVENT_NUMBER = re.compile(r"[0-9]{1,18}")


class WatchQuery(msgspec.Struct, frozen=True):
    """Both filters narrow the stream; one that is well-formed but unknown waits."""

    organization_id: OrganizationId | None = None
    period_id: PeriodId | None = None
    last_event_id: EventPlace | None = None


class Watch(Handler):
    """The stream of changes. Never answers a valid request with an error: that would end a browser's `EventSource` for good (6c)."""

    serves_while_draining = True

    def initialize(self, preview: Application, broadcaster: Broadcaster) -> None:
        """Without `Accept-Encoding`, so that Tornado does not compress the stream."""
        super().initialize(preview, broadcaster)
        self.request.headers.pop("Accept-Encoding", None)
        self._subscriber: Subscriber | None = None

    @operation(query=WatchQuery, answers={200: str}, heeds=("Last-Event-ID",), gives="text/event-stream")
    async def get(self, query: WatchQuery) -> None:
        """Changes of aggregated data, as they happen, as Server-Sent Events."""
        self._set_stream_headers()
        if self.request.method == "HEAD":
            return
        if not self.broadcaster.admit():
            self.write(retry_block())
            await self._close()
            return
        try:
            with suppress(StreamClosedError):
                await self._serve(query)
        finally:
            self.broadcaster.leave(self._subscriber)
        await self._close()

    def compute_etag(self) -> None:
        """Tornado's hook: a stream has none."""

    def on_connection_close(self) -> None:
        """Tornado's hook: the client is gone, or was cut off."""
        super().on_connection_close()
        if self._subscriber is not None:
            self._subscriber.end()

    async def _serve(self, query: WatchQuery) -> None:
        place, resync = await self._place(query.last_event_id)
        await self.flush()
        subscriber = self._subscriber = Subscriber(
            self._connection_stream(), self.request.version == "HTTP/1.1", query.organization_id, query.period_id
        )
        subscriber.place = place
        opening = retry_block() + place_block(place) + (resync_block() if resync else b"")
        await self._write(opening)
        while not self.broadcaster.join(subscriber):
            if self.broadcaster.draining or subscriber.ended.done():
                return
            await self._replay(subscriber)
        await subscriber.ended

    async def _place(self, given: str | None) -> tuple[int, bool]:
        """The place to go on from, and whether what came before it is unknown (6c). The header beats the query (6b)."""
        given = self.request.headers.get("Last-Event-ID") or given
        if not given:
            return await self.call(self.preview.events.newest), False
        if _EVENT_NUMBER.fullmatch(given) and await self.call(self.preview.events.is_known, int(given)):
            return int(given), False
        return await self.call(self.preview.events.newest), True

    async def _replay(self, subscriber: Subscriber) -> None:
        """The next page of the log, as fast as the client takes it."""
        reached = self.broadcaster.place
        rows = await self.call(self.preview.events.after, subscriber.place, REPLAY_PAGE)
        if not await self.call(self.preview.events.is_known, subscriber.place):
            # What it has not seen was pruned while it was brought up.
            subscriber.place = await self.call(self.preview.events.newest)
            await self._write(place_block(subscriber.place) + resync_block())
            return
        if not rows:
            # Nothing is left of what came up to there: it was of an organisation that is forgotten.
            subscriber.place = reached
            await self._write(place_block(reached))
            return
        for batch in batches(map(event_frame, rows)):
            if text := b"".join(frame.text for frame in batch if subscriber.wants(frame)):
                await self._write(text)
        subscriber.place = rows[-1].event

    async def _write(self, text: bytes) -> None:
        """Waits until the kernel has it. Raises `StreamClosedError` where the client is gone, or takes nothing for too long."""
        subscriber = self._subscriber
        if subscriber is None or (written := subscriber.write(subscriber.encode(text))) is None:
            raise StreamClosedError
        try:
            await asyncio.wait_for(written, REPLAY_WRITE_SECONDS)
        except TimeoutError:
            subscriber.cut()
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

    async def _close(self) -> None:
        """Ends the answer and the connection, which has a small buffer and, under HTTP/1.0, no other way to say where it ends."""
        with suppress(StreamClosedError):
            stream = self._connection_stream()
            await self.finish()
            stream.close()
