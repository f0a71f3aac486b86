"""The event loop of a server process."""

import asyncio
import sys
from collections.abc import Callable

_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter lock while another one waits for it; Python's default is 5 ms.

The event loop gives the lock up in every system call, several times for each request, and each time an import or an
aggregation on another thread may take it.
"""


def prefer_event_loop() -> None:
    """Let the event loop's thread wait less for the interpreter lock while other threads compute."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory on Linux; it is not installed on other platforms."""
    if sys.platform != "linux":
        return None
    import uvloop

    return uvloop.new_event_loop
