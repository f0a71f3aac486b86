"""Server-Sent Events as bytes: events, positions, `retry:` and heartbeats (rules 6 to 6e, docs/api.md)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from preview.events.log import AggregationProgress, EventRow, Resync

RETRY_MILLISECONDS = 2000
MAX_BATCH_BYTES = 32768
"""Size of a write to a connection, after which the event loop runs other tasks."""

HEARTBEAT_COMMENT = b":\n\n"


class Frame(NamedTuple):
    """An event on the wire.

    Attributes:
        event_id: Its log position, 0 if it is not durable.
        organization_id: Compared with a stream's filter.
        period_id: The same; None passes every period filter.
        payload: The complete block, with the empty line that ends it.
    """

    event_id: int
    organization_id: str
    period_id: str | None
    payload: bytes


class Audience(NamedTuple):
    """What all streams that get the same bytes have in common: their filters, and how their responses are framed.

    Attributes:
        organization_id, period_id: The filters, None for all.
        is_chunked: Whether the responses use chunked transfer coding (HTTP/1.1) or end with the connection (HTTP/1.0).
    """

    organization_id: str | None
    period_id: str | None
    is_chunked: bool

    @property
    def is_filtered(self) -> bool:
        """Return whether there are events that the filters leave out."""
        return self.organization_id is not None or self.period_id is not None

    def accepts(self, frame: Frame, position: int) -> bool:
        """Return whether a frame passes the filters and is newer than a log position."""
        return (
            (self.organization_id is None or frame.organization_id == self.organization_id)
            and (self.period_id is None or frame.period_id is None or frame.period_id == self.period_id)
            and not 0 < frame.event_id <= position
        )

    def select(self, frames: Iterable[Frame], position: int) -> bytes:
        """Return the payloads of the frames that `accepts` accepts."""
        return b"".join(frame.payload for frame in frames if self.accepts(frame, position))

    def encode(self, payload: bytes) -> bytes:
        """Return a payload as a connection carries it; nothing for an empty one, which would end a chunked response."""
        return b"%x\r\n%s\r\n" % (len(payload), payload) if payload and self.is_chunked else payload

    def encoded_end(self) -> bytes:
        """Return what ends a response, apart from the end of its connection."""
        return b"0\r\n\r\n" if self.is_chunked else b""


def event_frame(row: EventRow) -> Frame:
    """Return the frame of a durable event."""
    payload = b"id: %d\nevent: %s\ndata: %s\n\n" % (row.event_id, row.type.encode(), row.data)
    return Frame(row.event_id, row.organization_id, row.period_id, payload)


def progress_frame(progress: AggregationProgress) -> Frame:
    """Return the frame of a job's progress, which is not durable and has no id."""
    payload = b"event: aggregation_progress\ndata: %s\n\n" % msgspec.json.encode(progress)
    return Frame(0, progress.organization_id, progress.period_id, payload)


def split_into_batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Yield the frames in order in batches of about `MAX_BATCH_BYTES`.

    A large burst in a single write would exceed the write buffer even of a client that reads fast.
    """
    batch: list[Frame] = []
    size = 0
    for frame in frames:
        batch.append(frame)
        size += len(frame.payload)
        if size >= MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def id_block(event_id: int) -> bytes:
    """Return a block without an event that gives the client its log position (rule 6d)."""
    return b"id: %d\n\n" % event_id


def retry_block() -> bytes:
    """Return the block that tells the client how long to wait before it reconnects."""
    return b"retry: %d\n\n" % RETRY_MILLISECONDS


def resync_block() -> bytes:
    """Return the event for a client whose position is unknown: it must fetch everything again (rule 6c)."""
    return b"event: resync\ndata: %s\n\n" % msgspec.json.encode(Resync(reason="unknown_place"))
