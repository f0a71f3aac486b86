"""The event loop of a server process."""

import asyncio
import sys
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory on Linux; it is not installed on other platforms."""
    if sys.platform != "linux":
        return None
    import uvloop

    return uvloop.new_event_loop
