"""What goes over an event stream, as bytes: events, and the blocks by which a client knows its place (contract 6)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from preview.events.log import AggregationProgress, EventRow, Resync

RETRY_MILLISECONDS = 2000
BATCH_BYTES = 32768
"""No more is written to a connection before the event loop gets to do other things."""

COMMENT = b":\n\n"


class Frame(NamedTuple):
    """An event on the wire. `event` is its number, 0 where it is not durable; without `period_id` it passes every period filter."""

    event: int
    organization_id: str
    period_id: str | None
    text: bytes


def event_frame(row: EventRow) -> Frame:
    """A durable event."""
    text = b"id: %d\nevent: %s\ndata: %s\n\n" % (row.event, row.type.encode(), row.data)
    return Frame(row.event, row.organization_id, row.period_id, text)


def progress_frame(progress: AggregationProgress) -> Frame:
    """Progress of a job, which is not durable and has no id."""
    text = b"event: aggregation_progress\ndata: %s\n\n" % msgspec.json.encode(progress)
    return Frame(0, progress.organization_id, progress.period_id, text)


def batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """The frames in order, some `BATCH_BYTES` at a time: a burst in one write would cut off even those who keep up."""
    batch: list[Frame] = []
    size = 0
    for frame in frames:
        batch.append(frame)
        size += len(frame.text)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def place_block(place: int) -> bytes:
    """A block without event, by which a client knows its place (contract 6d)."""
    return b"id: %d\n\n" % place


def retry_block() -> bytes:
    """How long a client waits before it comes again."""
    return b"retry: %d\n\n" % RETRY_MILLISECONDS


def resync_block() -> bytes:
    """Fetch afresh: what came before is not known (contract 6c)."""
    return b"event: resync\ndata: %s\n\n" % msgspec.json.encode(Resync(reason="unknown_place"))
