"""Heartbeats of the event stream: a comment, so that proxies and clients see that the connection is alive (rule 6e)."""

import asyncio
from typing import Any

from api_handlers.sse import HEARTBEAT_COMMENT, Audience, id_block


class Heartbeat:
    """Stands in a stream's queue where every subscriber is to get a heartbeat."""


async def queue_heartbeats(queue: "asyncio.Queue[Any]", seconds: float) -> None:
    """Put a heartbeat into the queue at that interval, until cancelled.

    Args:
        queue: Takes `Heartbeat` objects.
        seconds: The setting `heartbeat_seconds`.
    """
    while True:
        await asyncio.sleep(seconds)
        queue.put_nowait(Heartbeat())


def heartbeat_payload(audience: Audience, position: int) -> bytes:
    """Return a comment, and the position for filtered streams, which do not get all events (rule 6d)."""
    return HEARTBEAT_COMMENT + (id_block(position) if audience.is_filtered else b"")
