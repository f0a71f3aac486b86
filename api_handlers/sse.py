"""What goes over an event stream, as bytes: events, and the blocks by which a client knows its place (contract 6)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from preview.events.log import AggregationProgress, EventRow, Resync

RETRY_MILLISECONDS = 2000
MAX_BATCH_BYTES = 32768
"""No more is written to a connection before the event loop gets to do other things."""

HEARTBEAT_COMMENT = b":\n\n"


class Frame(NamedTuple):
    """An event on the wire. `event` is its number, 0 where it is not durable; without `period_id` it passes every period filter."""

    event_id: int
    organization_id: str
    period_id: str | None
    payload: bytes


def event_frame(row: EventRow) -> Frame:
    """A durable event."""
    payload = b"id: %d\nevent: %s\ndata: %s\n\n" % (row.event_id, row.type.encode(), row.data)
    return Frame(row.event_id, row.organization_id, row.period_id, payload)


def progress_frame(progress: AggregationProgress) -> Frame:
    """Progress of a job, which is not durable and has no id."""
    payload = b"event: aggregation_progress\ndata: %s\n\n" % msgspec.json.encode(progress)
    return Frame(0, progress.organization_id, progress.period_id, payload)


def split_into_batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """The frames in order, some `BATCH_BYTES` at a time: a burst in one write would cut off even those who keep up."""
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
    """A block without event, by which a client knows its place (contract 6d)."""
    return b"id: %d\n\n" % event_id


def retry_block() -> bytes:
    """How long a client waits before it comes again."""
    return b"retry: %d\n\n" % RETRY_MILLISECONDS


def resync_block() -> bytes:
    """Fetch afresh: what came before is not known (contract 6c)."""
    return b"event: resync\ndata: %s\n\n" % msgspec.json.encode(Resync(reason="unknown_place"))
